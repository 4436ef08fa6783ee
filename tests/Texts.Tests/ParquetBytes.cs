using System.Buffers;
using System.Text;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Texts.Tests;

/// <summary>
/// A Parquet file byte by byte, without compression unless a test packs it,
/// that says what a writer never would: columns of required bytes and whole numbers, whose places
/// and counts are what the test says.
/// </summary>
internal sealed class ParquetBytes
{
    private const int DataPage = 0, DictionaryPage = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<byte[]> _groups = [];
    private readonly List<(string Name, bool IsText)> _columns = [];

    public ParquetBytes(params (string Name, bool IsText)[] columns)
    {
        _columns.AddRange(columns);
        _bytes.Write("PAR1"u8);
    }

    /// <summary>What the notes of the file say under the key of Hugging Face's datasets.</summary>
    public string? Note { get; init; }

    /// <summary>The number of the format's codec, and how it packs a page.</summary>
    public (int Codec, Func<byte[], byte[]> Pack) Packing { get; init; } = (0, body => body);

    public int Length => _bytes.WrittenCount;

    /// <summary>Adds a page of values; its place and length.</summary>
    public (int Start, int Length) Page(PageEncoding encoding, int values, byte[] body, bool isDictionary = false)
    {
        var (start, packed) = (Length, Packing.Pack(body));
        _bytes.Write(new ThriftWriter().Field(1, isDictionary ? DictionaryPage : DataPage).Field(2, body.Length).Field(3, packed.Length)
            .Struct(isDictionary ? 7 : 5, page =>
            {
                page.Field(1, values).Field(2, (int)encoding);
                _ = isDictionary ? page : page.Field(3, (int)PageEncoding.RunLengths).Field(4, (int)PageEncoding.RunLengths);
            }).Stop().ToArray());
        _bytes.Write(packed);
        return (start, Length - start);
    }

    /// <summary>Adds a group of rows, with the place and the number of values of each column.</summary>
    public void Group(int rows, params (int Start, int Length, long Values)[] places)
    {
        var chunks = _columns.Zip(places, (column, place) => new ThriftWriter().Field(2, (long)place.Start).Struct(3, chunk =>
            chunk.Field(1, (int)TypeOf(column.IsText)).Numbers(2, 0).Texts(3, [column.Name]).Field(4, Packing.Codec).Field(5, place.Values)
                .Field(6, (long)place.Length).Field(7, (long)place.Length).Field(9, (long)place.Start)).Stop().ToArray());
        _groups.Add(new ThriftWriter().Structs(1, _columns.Count, chunks).Field(2, 0L).Field(3, (long)rows).Stop().ToArray());
    }

    public byte[] End()
    {
        const int Utf8 = 0;
        var elements = _columns.Select(column =>
        {
            var element = new ThriftWriter().Field(1, (int)TypeOf(column.IsText)).Field(3, 0).Field(4, column.Name);
            return (column.IsText ? element.Field(6, Utf8) : element).Stop().ToArray();
        }).Prepend(new ThriftWriter().Field(4, "schema").Field(5, _columns.Count).Stop().ToArray());
        var writer = new ThriftWriter().Field(1, 1).Structs(2, 1 + _columns.Count, elements).Field(3, 0L).Structs(4, _groups.Count, _groups);
        if (Note is not null)
        {
            writer.Structs(5, 1, [new ThriftWriter().Field(1, "huggingface").Field(2, Note).Stop().ToArray()]);
        }

        var footer = writer.Stop().ToArray();
        _bytes.Write(footer);
        _bytes.Write(BitConverter.GetBytes(footer.Length));
        _bytes.Write("PAR1"u8);
        return _bytes.WrittenSpan.ToArray();
    }

    /// <summary>Texts as plain pages have them.</summary>
    public static byte[] Plain(string text, int count)
    {
        byte[] one = [.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
        return [.. Enumerable.Repeat(one, count).SelectMany(bytes => bytes)];
    }

    /// <summary>One number so many times, as runs have it, behind the bits of a number.</summary>
    public static byte[] Run(int number, int count)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write<byte>([1]);
        Varint.Write(bytes, (ulong)count << 1);
        bytes.Write<byte>([(byte)number]);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>So many differences of no bits: all numbers are the first.</summary>
    public static byte[] Differences(int first, int count)
    {
        const int Block = 1 << 20, Parts = 1;
        var bytes = new ArrayBufferWriter<byte>();
        Varint.Write(bytes, Block);
        Varint.Write(bytes, Parts);
        Varint.Write(bytes, (ulong)count);
        Varint.Write(bytes, (ulong)first << 1);
        for (var left = count - 1; left > 0; left -= Block)
        {
            bytes.Write<byte>([0, 0]); // the least difference, and the bits of the part
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static PhysicalType TypeOf(bool isText) => isText ? PhysicalType.ByteArray : PhysicalType.Int32;
}
