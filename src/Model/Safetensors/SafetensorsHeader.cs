using System.Buffers.Binary;
using System.Text.Json;

namespace LoraOnnx.Model.Safetensors;

/// <summary>Where one tensor lies: type, shape, and the offset of its first byte after the header.</summary>
internal readonly record struct TensorEntry(TensorType Type, int[] Shape, long Offset, long Length);

/// <summary>
/// The header of a safetensors file: 8 bytes of little-endian length, then JSON. Checked as the format's own reader does: bounded length, no
/// tensor twice, each length equal to shape times size, and the data covered from end to end without holes or overlaps.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>A DistilBERT of 1,024 layers has a header of 2.2 MB; the format's own limit of 100 MB would let a small file fill the
    /// memory.</summary>
    private const long LargestHeader = 4 << 20;

    /// <summary>Tensors of text models have two axes at most, convolutions five.</summary>
    private const int MostAxes = 8;

    private const string MetadataKey = "__metadata__";

    public static (Dictionary<string, TensorEntry> Tensors, Dictionary<string, string> Metadata, long DataStart) Read(string path, Stream stream)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (stream.Length < 8 || stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
        {
            throw InputException.InFile(path, $"has {stream.Length} bytes; a safetensors file starts with an 8-byte header length.", Hint);
        }

        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > LargestHeader || (long)headerLength > stream.Length - 8)
        {
            throw InputException.InFile(path,
                $"says its header has {headerLength} bytes; the file has {stream.Length} and {LargestHeader} is the limit.", Hint);
        }

        var header = new byte[headerLength];
        stream.ReadExactly(header);
        var dataLength = stream.Length - 8 - (long)headerLength;
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var json = BoundedJson.Parse(header);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw InputException.InFile(path, "header is not a JSON object.", Hint);
            }

            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataKey))
                {
                    ReadMetadata(path, property.Value, metadata);
                }
                else if (!tensors.TryAdd(property.Name, ReadEntry(path, property.Name, property.Value)))
                {
                    throw InputException.InFile(path, $"header names tensor '{property.Name}' twice.", Hint);
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw InputException.InFile(path, $"header is not valid JSON: {failure.Message}", Hint, failure);
        }

        CheckCover(path, tensors, dataLength);
        return (tensors, metadata, 8 + (long)headerLength);
    }

    /// <summary>Names are matched against patterns; those of models are far below.</summary>
    private const int LongestName = 1000;

    private const string Hint = "the file is damaged or not in safetensors format; fetch or export it again.";

    private static void ReadMetadata(string path, JsonElement element, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw InputException.InFile(path, "header: __metadata__ is not an object of strings.", Hint);
        }

        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
            {
                throw InputException.InFile(path, $"header: __metadata__ '{property.Name}' is not a string.", Hint);
            }

            metadata[property.Name] = property.Value.GetString()!; // the kind was checked
        }
    }

    private static TensorEntry ReadEntry(string path, string name, JsonElement element)
    {
        if (name.Length > LongestName)
        {
            throw InputException.InFile(path,
                $"header names a tensor with {name.Length} characters, expected at most {LongestName}: '{name}'.", Hint);
        }

        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !element.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2
            || offsets[0].ValueKind != JsonValueKind.Number || !offsets[0].TryGetInt64(out var start)
            || offsets[1].ValueKind != JsonValueKind.Number || !offsets[1].TryGetInt64(out var end))
        {
            throw InputException.InFile(path, $"header of tensor '{name}' lacks dtype, shape or two data_offsets.", Hint);
        }

        if (!Enum.TryParse<TensorType>(type.GetString(), out var tensorType) || tensorType.ToString() != type.GetString())
        {
            throw InputException.InFile(path,
                $"tensor '{name}' has type '{type.GetString()}', expected one of {string.Join(", ", Enum.GetNames<TensorType>())}.");
        }

        if (shape.GetArrayLength() > MostAxes)
        {
            throw InputException.InFile(path, $"tensor '{name}' has {shape.GetArrayLength()} axes, expected at most {MostAxes}.", Hint);
        }

        var lengths = new int[shape.GetArrayLength()];
        var bytes = (long)tensorType.Size();
        var axis = 0;
        foreach (var length in shape.EnumerateArray()) // an index into a list walks it from its start
        {
            if (length.ValueKind != JsonValueKind.Number || !length.TryGetInt32(out lengths[axis]) || lengths[axis] < 0
                || (lengths[axis] > 0 && bytes > long.MaxValue / lengths[axis]))
            {
                throw InputException.InFile(path, $"tensor '{name}' has an axis of length {JsonFields.Describe(length)}.", Hint);
            }

            bytes *= lengths[axis++];
        }

        if (start < 0 || end < start || end - start != bytes)
        {
            throw InputException.InFile(path,
                $"tensor '{name}' is {NamedTensor.Describe(lengths)} {tensorType}, {bytes} bytes, but lies from {start} to {end}.", Hint);
        }

        return new TensorEntry(tensorType, lengths, start, bytes);
    }

    /// <summary>The tensors, by offset, must follow one another from byte 0 to the end of the file.</summary>
    private static void CheckCover(string path, Dictionary<string, TensorEntry> tensors, long dataLength)
    {
        var end = 0L;
        foreach (var (name, entry) in tensors.OrderBy(pair => pair.Value.Offset).ThenBy(pair => pair.Value.Length))
        {
            if (entry.Offset != end)
            {
                throw InputException.InFile(path,
                    $"tensor '{name}' starts at byte {entry.Offset}, expected {end}: the data {(entry.Offset > end ? "has a hole" : "overlaps")}.",
                    Hint);
            }

            end += entry.Length;
        }

        if (end != dataLength)
        {
            throw InputException.InFile(path, $"holds {dataLength} bytes of data, its header describes {end}.",
                end > dataLength ? "the file is cut short; fetch it again." : Hint);
        }
    }
}
