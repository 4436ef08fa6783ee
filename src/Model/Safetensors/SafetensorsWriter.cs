using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LoraOnnx.Model.Safetensors;

/// <summary>
/// Writes safetensors files as Hugging Face's library does: names sorted, header padded with spaces to 8 bytes, data without gaps,
/// <c>{"format":"pt"}</c> as metadata. The file appears whole or not at all.
/// </summary>
public static class SafetensorsWriter
{
    private static readonly Dictionary<string, string> _torchFormat = new() { ["format"] = "pt" };

    /// <summary>Writes fp32 tensors.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<NamedTensor> tensors) => Write(path, tensors, TensorType.F32);

    /// <summary>Writes tensors as <see cref="TensorType.F32"/> or rounded to nearest even as <see cref="TensorType.F16"/> or
    /// <see cref="TensorType.BF16"/>.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<NamedTensor> tensors, TensorType type, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var sorted = tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
        AtomicFile.Write(path, stream => Write(stream, sorted, type, metadata ?? _torchFormat));
    }

    private static void Write(Stream stream, List<NamedTensor> tensors, TensorType type, IReadOnlyDictionary<string, string> metadata)
    {
        if (type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are written as F32, F16 or BF16.");
        }

        var header = Header(tensors, type, metadata);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach (var tensor in tensors)
        {
            switch (type)
            {
                case TensorType.F32:
                    stream.Write(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
                    break;
                case TensorType.F16:
                    stream.Write(MemoryMarshal.AsBytes(Array.ConvertAll(tensor.Values, value => (Half)value).AsSpan()));
                    break;
                default:
                    stream.Write(MemoryMarshal.AsBytes(Array.ConvertAll(tensor.Values, ToBFloat16).AsSpan()));
                    break;
            }
        }
    }

    private static byte[] Header(List<NamedTensor> tensors, TensorType type, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", type.ToString());
                json.WriteStartArray("shape");
                foreach (var length in tensor.Shape)
                {
                    json.WriteNumberValue(length);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Values.LongLength * type.Size());
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    /// <summary>Round to nearest even; NaN stays NaN.</summary>
    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
