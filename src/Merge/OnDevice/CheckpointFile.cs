using Google.FlatBuffers;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>
/// The FlatBuffers file of a <see cref="DeviceCheckpoint"/>, version 2 of onnxruntime/core/flatbuffers/schema/ort_training_checkpoint.fbs. Numbers in
/// the names of slots are those of the fields in that schema.
/// </summary>
internal static class CheckpointFile
{
    public const string Identifier = "ODTC";
    public const int Version = 2;
    public const int Float = 1; // TensorDataType
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
        builder.Finish(builder.EndTable(), Identifier);
        using var stream = File.Create(path);
        var file = builder.DataBuffer.ToArraySegment(builder.DataBuffer.Position, builder.DataBuffer.Length - builder.DataBuffer.Position);
        stream.Write(file);
        stream.Flush(flushToDisk: true);
    }

    private static int ModuleState(FlatBufferBuilder builder, DeviceCheckpoint checkpoint)
    {
        var learning = Vector(builder, [.. checkpoint.Learning.Select(tensor => TensorOf(builder, tensor))]);
        var frozen = Vector(builder, [.. checkpoint.Frozen.Select(tensor => TensorOf(builder, tensor))]);
        builder.StartTable(State.Count);
        builder.AddOffset(State.Learning, learning.Value, 0);
        builder.AddOffset(State.Frozen, frozen.Value, 0);
        return builder.EndTable();
    }

    private static int TensorOf(FlatBufferBuilder builder, NamedTensor tensor)
    {
        builder.StartVector(1, tensor.Values.Length * sizeof(float), sizeof(long));
        builder.Put(tensor.Values);
        var values = builder.EndVector();
        builder.StartVector(sizeof(long), tensor.Shape.Count, sizeof(long));
        foreach (var length in tensor.Shape.Reverse()) // a buffer grows towards its front
        {
            builder.AddLong(length);
        }

        var dims = builder.EndVector();
        var name = builder.CreateString(tensor.Name);
        builder.StartTable(Tensor.Count);
        builder.AddOffset(Tensor.Name, name.Value, 0);
        builder.AddOffset(Tensor.Dims, dims.Value, 0);
        builder.AddInt(Tensor.DataType, Float, 0);
        builder.AddOffset(Tensor.RawData, values.Value, 0);
        return builder.EndTable();
    }

    private static int NotesOf(FlatBufferBuilder builder, IReadOnlyDictionary<string, string> notes)
    {
        var entries = Vector(builder, [.. notes.Select(note =>
        {
            var (name, value) = (builder.CreateString(note.Key), builder.CreateString(note.Value));
            builder.StartTable(Notes.CountOfOne);
            builder.AddOffset(Notes.Name, name.Value, 0);
            builder.AddOffset(Notes.Value, value.Value, 0);
            return builder.EndTable();
        })]);
        builder.StartTable(Notes.Count);
        builder.AddOffset(Notes.Strings, entries.Value, 0);
        return builder.EndTable();
    }

    private static VectorOffset Vector(FlatBufferBuilder builder, int[] offsets)
    {
        builder.StartVector(sizeof(int), offsets.Length, sizeof(int));
        foreach (var offset in offsets.Reverse())
        {
            builder.AddOffset(offset);
        }

        return builder.EndVector();
    }
}
