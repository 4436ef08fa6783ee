using System.Buffers.Binary;

namespace LoraOnnx.Texts.Tests;

/// <summary>Parquet files from strangers: footers, pages and what they say about sizes.</summary>
public sealed class ParquetFuzzTests
{
    private static readonly TextLimits _tight = new(LineBytes: 2_000, TotalBytes: 10_000);

    private static readonly string[] _files =
        ["classes", "flags", "null-text", "small-v2", "small-dictionary", "small-split", "small-plain", "small-zstd", "small-lz4", "small-long",
            "small-many", "bytes", "nested", "list-text", "twice"];

    /// <summary>Footers that changes of a whole file do not lead to: no schema, groups before it, columns of columns, too many elements, too few, a
    /// column from byte 20 of 20 bytes.</summary>
    private static readonly byte[][] _footers =
    [
        [0x00], [0x49, 0x1C, 0x00, 0x00], [0x29, 0xFC, 40, .. Repeat(40, 0x55, 0x02, 0x00), 0x00],
        [0x29, 0xFC, 0x88, 0x27, .. Repeat(5_000, 0x00), 0x00], [0x29, 0x2C, 0x55, 0x04, 0x00, 0x55, 0x02, 0x00, 0x00],
        [0x29, 0x2C, 0x55, 0x02, 0x00, 0x15, 0x02, 0x00, 0x29, 0x1C, 0x19, 0x1C, 0x3C, 0x15, 0x02, 0x65, 0x28, 0x25, 0x28, 0x00, 0x00, 0x00, 0x00],
    ];

    [Fact]
    public void Every_file_gives_texts_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(
            [.. _files.Select(name => File.ReadAllBytes(Repository.Path("tests", "Texts.Tests", "foreign", $"{name}.parquet"))),
                .. _footers.Select(WithTail)],
            ["\0", "\u0001", "\u007f", "text", "\u0015\u0002", new string('ÿ', 6)]),
            "read: it has ", "does not end as Parquet files do", "is longer than the file", "none of Parquet's", "a number has more than 64 bits",
            "a field ends behind the file", "a list has elements of type",
            "elements that belong to nothing", "the schema ends too early", "nested deeper", "the schema has more than", "a type ",
                "bytes each, expected 1 to", "a repetition ",
            "the children of",
            "come before the schema", "cannot hold", "has no schema", "more columns than the schema", "fewer columns than the schema",
            "lies in another file", "does not say where it lies", "the schema says", "bytes ends behind the file",
            "rows: ", "a compression ", " values: ", "the bytes of a column: ", "the start of a column: ", "the start of a dictionary: ",
            "a column ends before its last value", "ends behind its column", "the levels of a page", "a page of the kind",
            "the unpacked bytes of a page: ", "the bytes of a page: ", "the values of a page: ", "a page of the encoding", "the bytes of levels: ",
            "a page unpacks to", "are packed with", "the packed data is damaged", "its texts are larger than",
            "a page ends before its last value", "of differences ends too early", "a page of differences has", "a dictionary of", "a value is number",
            "shares", "a list begins in the middle", "more values than the row group",
            "fewer values than the row group", "levels are in the encoding", "a dictionary that is not there", "are in the encoding",
            "a text is longer than", "a text is not UTF-8",
            "no column is called", "is made of several", "has lists", "with another meaning", "'label'", "flags",
            "a class twice")
            .Check(input =>
            {
                foreach (var text in Tasks.Of(new ParquetTable("texts.parquet", new TextOptions(), labelled: true, TextNotices.None)
                    .Read(new MemoryStream(input), input.Length % 2 == 0 ? _tight : TextLimits.Standard), Tasks.Topics))
                {
                    Assert.NotNull(text.Text);
                }
            });

    private static IEnumerable<byte> Repeat(int times, params byte[] bytes) => Enumerable.Repeat(bytes, times).SelectMany(one => one);

    private static byte[] WithTail(byte[] footer)
    {
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        return [.. "PAR1"u8, .. footer, .. length, .. "PAR1"u8];
    }
}
