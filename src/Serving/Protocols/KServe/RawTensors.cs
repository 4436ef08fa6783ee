using System.Buffers.Binary;
using System.Text;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>The raw form of outputs: numbers little-endian; each text's length in four bytes, little-endian, and its UTF-8.</summary>
internal static class RawTensors
{
    public static byte[] Write(InferOutput output)
    {
        if (output.Numbers is { } numbers)
        {
            var bytes = new byte[numbers.Length * sizeof(float)];
            for (var i = 0; i < numbers.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), numbers[i]);
            }

            return bytes;
        }

        using var raw = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        foreach (var utf8 in output.Texts!.Select(Encoding.UTF8.GetBytes)) // texts where there are no numbers
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)utf8.Length);
            raw.Write(length);
            raw.Write(utf8);
        }

        return raw.ToArray();
    }
}
