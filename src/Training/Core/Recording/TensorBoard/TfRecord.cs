using System.Buffers.Binary;
using System.Numerics;

namespace LoraOnnx.Training.Recording.TensorBoard;

/// <summary>TensorFlow's record framing: length, masked CRC-32C of the length, data, masked CRC-32C of the data; all little-endian.</summary>
internal static class TfRecord
{
    /// <summary>The bytes of one record.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> data)
    {
        var record = new byte[8 + 4 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        return record;
    }

    /// <summary>CRC-32C, rotated and offset so that a checksum of data that holds checksums stays strong.</summary>
    public static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        const uint MaskDelta = 0xA282EAD8;
        return BitOperations.RotateRight(Crc(data), 15) + MaskDelta;
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
