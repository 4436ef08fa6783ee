using System.Buffers.Binary;
using System.Text;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>
/// A table of a FlatBuffers file from a stranger: each place is looked at before it is read. Google.FlatBuffers' own checks (25.2.10) hold places in
/// 16 bits and refuse any file above 32 KiB.
/// </summary>
/// <exception cref="InvalidDataException">From every member: the file says something that it cannot hold.</exception>
internal readonly struct FlatTable
{
    private const int ListStart = 4; // of the list of fields' places, behind its length and the table's

    private readonly ReadOnlyMemory<byte> _file;
    private readonly long _at;

    private FlatTable(ReadOnlyMemory<byte> file, long at) => (_file, _at) = (file, at);

    /// <summary>The outermost table of a file with an identifier.</summary>
    public static FlatTable Root(ReadOnlyMemory<byte> file, string identifier)
    {
        var start = new FlatTable(file, 0);
        return start.Bytes(sizeof(int), identifier.Length).SequenceEqual(Encoding.ASCII.GetBytes(identifier))
            ? new FlatTable(file, start.Unsigned(0)) : throw new InvalidDataException();
    }

    /// <summary>An integer, or 0 where it is left out.</summary>
    public int Int(int field) => Place(field) is { } place ? BinaryPrimitives.ReadInt32LittleEndian(Bytes(place, sizeof(int))) : 0;

    /// <summary>A truth, false where it is left out.</summary>
    public bool Flag(int field) => Place(field) is { } place && Bytes(place, 1)[0] != 0;

    /// <summary>A text, empty where it is left out.</summary>
    public string Text(int field) => Encoding.UTF8.GetString(Vector(field, 1));

    /// <summary>A table inside, or null.</summary>
    public FlatTable? Table(int field) => Place(field) is { } place ? new FlatTable(_file, place + Unsigned(place)) : null;

    /// <summary>The tables of a list; none where it is left out.</summary>
    public IEnumerable<FlatTable> Tables(int field)
    {
        if (Place(field) is { } place)
        {
            var list = place + Unsigned(place);
            for (var (entry, end) = (list + sizeof(int), list + sizeof(int) + (Unsigned(list) * sizeof(int))); entry < end; entry += sizeof(int))
            {
                yield return new FlatTable(_file, entry + Unsigned(entry));
            }
        }
    }

    /// <summary>The bytes of a list of numbers; none where it is left out.</summary>
    public ReadOnlySpan<byte> Vector(int field, int size)
    {
        if (Place(field) is not { } place)
        {
            return [];
        }

        var list = place + Unsigned(place);
        return Bytes(list + sizeof(int), Unsigned(list) * size);
    }

    private long? Place(int field)
    {
        var list = _at - BinaryPrimitives.ReadInt32LittleEndian(Bytes(_at, sizeof(int)));
        var slot = ListStart + (field * sizeof(ushort));
        var offset = slot + sizeof(ushort) <= Short(list) ? Short(list + slot) : 0;
        return offset == 0 ? null : _at + offset;
    }

    private long Short(long at) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(at, sizeof(ushort)));

    private long Unsigned(long at) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(at, sizeof(uint)));

    private ReadOnlySpan<byte> Bytes(long at, long count) => at >= 0 && at + count <= _file.Length
        ? _file.Span.Slice((int)at, (int)count) : throw new InvalidDataException();
}
