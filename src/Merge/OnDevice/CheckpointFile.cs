using Google.FlatBuffers;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>
/// The FlatBuffers file of a <see cref="DeviceCheckpoint"/>, version 2 of onnxruntime/core/flatbuffers/schema/ort_training_checkpoint.fbs. Numbers in
/// the names of slots are those of the fields in that schema.
/// </summary>
internal static class CheckpointFile
{
    public const string Identifier = "ODTC";
    public const int Version = 2;
    public const long Largest = int.MaxValue - (16L << 20);

    /// <summary>Fields of <c>Checkpoint</c>.</summary>
    public static class Root
    {
        public const int Version = 0, ModuleState = 1, PropertyBag = 3, Count = 4;
    }

    /// <summary>Fields of <c>ModuleState</c>.</summary>
    public static class State
    {
        public const int Learning = 0, Frozen = 1, IsNominal = 2, HasExternalData = 3, Count = 4;
    }

    /// <summary>Fields of <c>Tensor</c>, of ort.fbs.</summary>
    public static class Tensor
    {
        public const int Name = 0, Dims = 2, DataType = 3, RawData = 4, Count = 7;

        public static readonly TensorFields Fields = new(Name, Dims, DataType, RawData, Count);
    }

    /// <summary>Fields of <c>PropertyBag</c> and of a property.</summary>
    public static class Notes
    {
        public const int Strings = 2, Count = 3, Name = 0, Value = 1, CountOfOne = 2;
    }

    /// <exception cref="InputException">The parameters do not fit.</exception>
    public static void Write(string path, DeviceCheckpoint checkpoint)
    {
        var bytes = checkpoint.Learning.Concat(checkpoint.Frozen).Sum(tensor => (long)tensor.Values.Length * sizeof(float));
        if (bytes > Largest)
        {
            throw new InputException($"the model's weights have {bytes >> 20} MiB; a training checkpoint holds less than {Largest >> 20} MiB.",
                "train a smaller model on the device.");
        }

        var builder = new FlatBufferBuilder((int)bytes + (1 << 20)); // grows no more than by the names
        var state = ModuleState(builder, checkpoint);
        var notes = NotesOf(builder, checkpoint.Notes);
        builder.StartTable(Root.Count);
        builder.AddInt(Root.Version, Version, 0);
        builder.AddOffset(Root.ModuleState, state, 0);
        builder.AddOffset(Root.PropertyBag, notes, 0);
        builder.Save(path, builder.EndTable(), Identifier);
    }

    private static int ModuleState(FlatBufferBuilder builder, DeviceCheckpoint checkpoint)
    {
        var learning = builder.AddTables([.. checkpoint.Learning.Select(tensor => builder.AddTensor(tensor, Tensor.Fields))]);
        var frozen = builder.AddTables([.. checkpoint.Frozen.Select(tensor => builder.AddTensor(tensor, Tensor.Fields))]);
        builder.StartTable(State.Count);
        builder.AddOffset(State.Learning, learning, 0);
        builder.AddOffset(State.Frozen, frozen, 0);
        return builder.EndTable();
    }

    private static int NotesOf(FlatBufferBuilder builder, IReadOnlyDictionary<string, string> notes)
    {
        var entries = builder.AddTables([.. notes.Select(note =>
        {
            var (name, value) = (builder.CreateString(note.Key), builder.CreateString(note.Value));
            builder.StartTable(Notes.CountOfOne);
            builder.AddOffset(Notes.Name, name.Value, 0);
            builder.AddOffset(Notes.Value, value.Value, 0);
            return builder.EndTable();
        })]);
        builder.StartTable(Notes.Count);
        builder.AddOffset(Notes.Strings, entries, 0);
        return builder.EndTable();
    }
}
