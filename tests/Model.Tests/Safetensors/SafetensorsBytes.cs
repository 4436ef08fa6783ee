using System.Buffers.Binary;
using System.Text;

namespace LoraOnnx.Model.Tests.Safetensors;

/// <summary>Safetensors files put together by hand, right or wrong.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Length of the header, the header, and so many bytes of data.</summary>
    public static byte[] Of(string header, int dataBytes, ulong? headerLength = null)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength ?? (ulong)text.Length);
        text.CopyTo(file.AsSpan(8));
        for (var i = 8 + text.Length; i < file.Length; i++)
        {
            file[i] = (byte)((i * 31) & 0x3F); // a small number in every type of float
        }

        return file;
    }
}
