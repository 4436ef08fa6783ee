using System.Text;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Walks over a struct in Thrift's compact encoding, in which Parquet keeps its sizes; whatever does not fit into the bytes is an
/// error.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    public const int Truth = 1;
    public const int Falsehood = 2;
    public const int Binary = 8;
    public const int List = 9;
    public const int Struct = 12;

    private const int DeepestNesting = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>What was read since a position.</summary>
    public readonly byte[] Since(int position) => _bytes[position..Position].ToArray();

    /// <summary>Moves to the next field of a struct; false at its end.</summary>
    public bool TryNextField(ref int field, out int type)
    {
        var head = Byte();
        type = head & 0x0F;
        if (type == 0)
        {
            return false;
        }

        field = head >> 4 == 0 ? (int)Number() : field + (head >> 4);
        return true;
    }

    /// <summary>A whole number of any width.</summary>
    public long Number() => Varint.Signed(Unsigned());

    /// <summary>A whole number from 0 to a limit.</summary>
    public long Limited(string what, long most)
    {
        var number = Number();
        return number >= 0 && number <= most ? number : throw new FormatException($"{what} {number}, expected 0 to {most}.");
    }

    /// <summary>A short text.</summary>
    public string Text()
    {
        var length = Unsigned();
        Advance(length);
        return Encoding.UTF8.GetString(_bytes[(Position - (int)length)..Position]);
    }

    /// <summary>Begins a list of a type; its elements follow.</summary>
    public int Elements(int type)
    {
        var count = Count(out var found);
        return found == type || count == 0 ? count : throw new FormatException($"a list has elements of type {found}, expected {type}.");
    }

    private int Count(out int type)
    {
        var head = Byte();
        type = head & 0x0F;
        var count = head >> 4 == 15 ? Unsigned() : (ulong)(head >> 4);
        // each has a byte or more
        return count <= (ulong)(_bytes.Length - Position)
            ? (int)count
            : throw new FormatException($"a list of {count} elements is longer than the file.");
    }

    /// <summary>Passes over a field.</summary>
    public void Skip(int type, int depth = 0)
    {
        switch (type)
        {
            case Truth or Falsehood:
                break;
            case 3:
                Advance(1);
                break;
            case 4 or 5 or 6:
                Unsigned();
                break;
            case 7:
                Advance(8);
                break;
            case Binary:
                Advance(Unsigned());
                break;
            case List or 10 when depth < DeepestNesting:
                for (var left = Count(out var element); left > 0; left--)
                {
                    Skip(element is Truth or Falsehood ? 3 : element, depth + 1);
                }

                break;
            case Struct when depth < DeepestNesting:
                var field = 0;
                while (TryNextField(ref field, out var inner))
                {
                    Skip(inner, depth + 1);
                }

                break;
            default:
                throw new FormatException($"a field of type {type} is none of Parquet's."); // also maps, which its structs do not have
        }
    }

    private byte Byte()
    {
        Advance(1);
        return _bytes[Position - 1];
    }

    private ulong Unsigned()
    {
        var length = Varint.Read(_bytes[Position..], out var value);
        Position += length > 0 ? length : throw EndsTooEarly();
        return value;
    }

    private void Advance(ulong count) =>
        Position = count <= (ulong)(_bytes.Length - Position) ? Position + (int)count : throw EndsTooEarly();

    private static FormatException EndsTooEarly() => new("a field ends behind the file.");
}
