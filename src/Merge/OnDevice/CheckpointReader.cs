using System.Runtime.InteropServices;
using LoraOnnx.Model.Safetensors;
using static LoraOnnx.Merge.OnDevice.CheckpointFile;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>Reads the trained parameters and the notes of a checkpoint.</summary>
internal sealed class CheckpointReader
{
    private readonly string _path;
    private long _unread; // tensors may not share their numbers, or a small file would be a large model

    private CheckpointReader(string path, long bytes) => (_path, _unread) = (path, bytes);

    /// <exception cref="InputException">The file is missing, or none that holds trained parameters.</exception>
    public static DeviceCheckpoint Read(string path, CancellationToken cancellationToken) =>
        Parse(path, ForeignFile.ReadBytes(path, (int)Largest, "a training checkpoint", cancellationToken));

    /// <summary>The same of bytes; <paramref name="path"/> is used in messages only.</summary>
    internal static DeviceCheckpoint Parse(string path, byte[] bytes)
    {
        try
        {
            return new CheckpointReader(path, bytes.Length).Read(FlatTable.Root(bytes, Identifier));
        }
        catch (InvalidDataException failure)
        {
            throw InputException.InFile(path, "is no checkpoint of ONNX Runtime's training runtime, or a damaged one.",
                "expected is what CheckpointState.SaveCheckpoint wrote, begun with --training-artifacts.", failure);
        }
    }

    private DeviceCheckpoint Read(FlatTable root)
    {
        if (root.Int(Root.Version) is var version and not CheckpointFile.Version)
        {
            throw InputException.InFile(_path, $"has version {version}, expected {CheckpointFile.Version}.",
                "Microsoft.ML.OnnxRuntime.Training 1.19 and onnxruntime-web 1.18 write version 2.");
        }

        var state = root.Table(Root.ModuleState) ?? throw new InvalidDataException();
        if (state.Flag(State.HasExternalData))
        {
            throw InputException.InFile(_path, "keeps its numbers in another file, which is not supported.", "save it into one file.");
        }

        var learning = state.Tables(State.Learning).Select(ReadTensor).ToList();
        return learning.Count > 0 ? new DeviceCheckpoint(learning, [], ReadNotes(root))
            : throw InputException.InFile(_path, "has no trained parameters.");
    }

    private NamedTensor ReadTensor(FlatTable tensor)
    {
        var name = tensor.Text(Tensor.Name);
        var type = tensor.Int(Tensor.DataType);
        var dims = MemoryMarshal.Cast<byte, long>(tensor.Vector(Tensor.Dims, sizeof(long)));
        var bytes = tensor.Vector(Tensor.RawData, 1);
        _unread -= bytes.Length;
        if (_unread < 0)
        {
            throw new InvalidDataException();
        }

        var count = 1L;
        foreach (var length in dims)
        {
            count = length is > 0 and < int.MaxValue && count >= 0 ? Math.Min(count * length, int.MaxValue) : -1;
        }

        if (type != FlatTensors.Float || count < 0 || bytes.Length != count * sizeof(float))
        {
            throw InputException.InFile(_path,
                $"tensor '{VisibleText.Of(name)}' is of type {type}, {dims.Length} axes, {bytes.Length} bytes; expected fp32 numbers.",
                "the checkpoint was saved without its parameters (nominal), or is broken.");
        }

        float[] values = [.. MemoryMarshal.Cast<byte, float>(bytes)];
        return Array.TrueForAll(values, float.IsFinite)
            ? new NamedTensor(name, Array.ConvertAll(dims.ToArray(), length => (int)length), values)
            : throw InputException.InFile(_path, $"tensor '{VisibleText.Of(name)}' holds NaN or infinite values.",
                "the training on the device diverged; begin again with a lower learning rate.");
    }

    private static Dictionary<string, string> ReadNotes(FlatTable root)
    {
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var note in root.Table(Root.PropertyBag)?.Tables(Notes.Strings) ?? [])
        {
            notes[note.Text(Notes.Name)] = note.Text(Notes.Value);
        }

        return notes;
    }
}
