using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace LoraOnnx.Model.Safetensors;

/// <summary>A safetensors file open for reading. Tensors are read one at a time; nothing but the header is kept in memory. Not thread-safe.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly Stream _stream;
    private readonly Dictionary<string, TensorEntry> _tensors;
    private readonly long _dataStart;

    private SafetensorsFile(string path, Stream stream)
    {
        Path = path;
        _stream = stream;
        (_tensors, var metadata, _dataStart) = SafetensorsHeader.Read(path, stream);
        Metadata = metadata;
    }

    /// <summary>The file as the user named it.</summary>
    public string Path { get; }

    /// <summary>The strings under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Names of all tensors, in the order of the header.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Opens and checks the header; the data of each tensor is checked for length here too.</summary>
    /// <exception cref="InputException">The file is missing or not a valid safetensors file.</exception>
    public static SafetensorsFile Open(string path) => Open(path, ForeignFile.Open(path));

    /// <summary>Takes over a seekable stream; <paramref name="path"/> is used in messages only.</summary>
    /// <exception cref="InputException">It is not a valid safetensors file.</exception>
    internal static SafetensorsFile Open(string path, Stream stream)
    {
        try
        {
            return new SafetensorsFile(path, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>True when the file has a tensor of this name.</summary>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>Axis lengths of a tensor the file has.</summary>
    public IReadOnlyList<int> ShapeOf(string name) => _tensors[name].Shape;

    /// <summary>Element type of a tensor the file has.</summary>
    public TensorType TypeOf(string name) => _tensors[name].Type;

    /// <summary>Reads a floating-point tensor, widened to fp32 (fp64 is rounded).</summary>
    /// <exception cref="InputException">The tensor is of an integer type, or holds a number that is not finite.</exception>
    public NamedTensor Read(string name)
    {
        var entry = _tensors[name];
        if (!entry.Type.IsFloat())
        {
            throw InputException.InFile(Path, $"tensor '{name}' is {entry.Type}, expected F32, F16 or BF16.");
        }

        if (entry.Length / entry.Type.Size() > Array.MaxLength)
        {
            throw InputException.InFile(Path,
                $"tensor '{name}' is {NamedTensor.Describe(entry.Shape)}, more elements than this toolkit can hold ({Array.MaxLength}).");
        }

        var values = new float[entry.Length / entry.Type.Size()];
        _stream.Position = _dataStart + entry.Offset;
        if (entry.Type == TensorType.F32)
        {
            ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        else
        {
            Widen(entry.Type, values);
        }

        CheckFinite(name, values);
        return new NamedTensor(name, entry.Shape, values);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>No weight is NaN or infinite. One that is may touch few texts, such as a word's row of the embeddings, so no proof on texts would
    /// find it.</summary>
    private void CheckFinite(string name, float[] values)
    {
        if (values.Length > 0 && !TensorPrimitives.IsFiniteAll<float>(values)) // of nothing, it says no
        {
            var count = values.Count(value => !float.IsFinite(value));
            throw InputException.InFile(Path,
                $"tensor '{name}': {count} of {values.Length} numbers are not finite (NaN or infinite, or too large for fp32).",
                "the file is damaged, or its training diverged; take an earlier one.");
        }
    }

    private void Widen(TensorType type, Span<float> values)
    {
        const int ChunkElements = 1 << 16;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkElements * type.Size());
        try
        {
            while (values.Length > 0)
            {
                var count = Math.Min(values.Length, ChunkElements);
                var bytes = buffer.AsSpan(0, count * type.Size());
                ReadExactly(bytes);
                Widen(type, bytes, values[..count]);
                values = values[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Widen(TensorType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case TensorType.F64:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(bytes), values);
                break;
            default:
                var upperHalves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BitConverter.UInt32BitsToSingle((uint)upperHalves[i] << 16);
                }

                break;
        }
    }

    private void ReadExactly(Span<byte> bytes)
    {
        try
        {
            _stream.ReadExactly(bytes);
        }
        catch (IOException failure)
        {
            throw InputException.Unreadable(Path, failure);
        }
    }
}
