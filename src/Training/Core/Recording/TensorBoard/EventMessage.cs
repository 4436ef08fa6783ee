using System.Buffers.Binary;
using System.Text;

namespace LoraOnnx.Training.Recording.TensorBoard;

/// <summary>The few fields of tensorflow/core/util/event.proto that scalars need, in protobuf's wire format.</summary>
internal static class EventMessage
{
    /// <summary>What an event file starts with.</summary>
    public static byte[] Version(double wallTime) => Event(wallTime, 0, message => WriteBytes(message, 3, "brain.Event:2"u8));

    /// <summary>Scalars of one step: Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } } }.</summary>
    public static byte[] Scalars(double wallTime, long step, IEnumerable<(string Tag, double Value)> scalars) => Event(wallTime, step, message =>
    {
        using var summary = new MemoryStream();
        foreach (var (tag, number) in scalars)
        {
            using var value = new MemoryStream();
            WriteBytes(value, 1, Encoding.UTF8.GetBytes(tag));
            WriteFixed32(value, 2, (float)number);
            WriteBytes(summary, 1, value.ToArray());
        }

        WriteBytes(message, 5, summary.ToArray());
    });

    private static byte[] Event(double wallTime, long step, Action<MemoryStream> writeContent)
    {
        using var message = new MemoryStream();
        WriteFixed64(message, 1, wallTime);
        WriteVarint(message, 2 << 3);
        WriteVarint(message, (ulong)step);
        writeContent(message);
        return message.ToArray();
    }

    private static void WriteBytes(MemoryStream stream, int field, ReadOnlySpan<byte> bytes)
    {
        const ulong LengthDelimited = 2;
        WriteVarint(stream, ((ulong)field << 3) | LengthDelimited);
        WriteVarint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteFixed64(MemoryStream stream, int field, double value)
    {
        const ulong Fixed64 = 1;
        WriteVarint(stream, ((ulong)field << 3) | Fixed64);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void WriteFixed32(MemoryStream stream, int field, float value)
    {
        const ulong Fixed32 = 5;
        WriteVarint(stream, ((ulong)field << 3) | Fixed32);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
