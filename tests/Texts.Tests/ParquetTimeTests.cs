using System.IO.Compression;
using LoraOnnx.Tests.Fuzzing;
using LoraOnnx.Texts.Parquet;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;
using static LoraOnnx.Texts.Tests.ParquetBytes;

namespace LoraOnnx.Texts.Tests;

/// <summary>Parquet files made to be slow to read: each has the size that is asked for, and no more than it is unpacked.</summary>
public sealed class ParquetTimeTests
{
    private const int Whole = sizeof(int); // bytes of a label

    private static readonly Dictionary<string, Func<int, byte[]>> _attacks = new()
    {
        ["short texts"] = size =>
        {
            var (file, rows) = (Reviews(), size / 10);
            file.Group(rows, Place(file.Page(PageEncoding.Plain, rows, Plain("a", rows)), rows), Labels(file, rows));
            return file.End();
        },
        ["pages of one row"] = size =>
        {
            var (file, rows) = (Reviews(), size / 40);
            var texts = file.Length;
            Repeat(rows, () => file.Page(PageEncoding.Plain, 1, Plain("a", 1)));
            file.Group(rows, (texts, file.Length - texts, rows), Labels(file, rows));
            return file.End();
        },
        ["pages without rows"] = size =>
        {
            var file = Reviews();
            var texts = file.Length;
            Repeat(size / 20, () => file.Page(PageEncoding.Plain, 0, []));
            file.Page(PageEncoding.Plain, 1, Plain("a", 1));
            file.Group(1, (texts, file.Length - texts, 1), Labels(file, 1));
            return file.End();
        },
        ["groups of one row"] = size =>
        {
            var file = Reviews();
            Repeat(size / 150, () => file.Group(1, Place(file.Page(PageEncoding.Plain, 1, Plain("a", 1)), 1), Labels(file, 1)));
            return file.End();
        },
        ["groups without rows"] = size =>
        {
            var file = Reviews();
            Repeat(size / 80, () => file.Group(0, (4, 0, 0), (4, 0, 0)));
            file.Group(1, Place(file.Page(PageEncoding.Plain, 1, Plain("a", 1)), 1), Labels(file, 1));
            return file.End();
        },
        ["one text very often"] = size =>
        {
            var (file, rows) = (Reviews(), 2 * size);
            var texts = file.Length;
            file.Page(PageEncoding.Plain, 1, Plain("a", 1), isDictionary: true);
            file.Page(PageEncoding.Dictionary, rows, [.. Run(0, rows), .. new byte[size]]);
            var labels = file.Length;
            file.Page(PageEncoding.Plain, 1, new byte[Whole], isDictionary: true);
            file.Page(PageEncoding.Dictionary, rows, Run(0, rows));
            file.Group(rows, (texts, labels - texts, rows), (labels, file.Length - labels, rows));
            return file.End();
        },
        ["many columns"] = size =>
        {
            const int Columns = 1000, Bytes = 5;
            var file = new ParquetBytes(
                [("text", true), ("label", false), .. Enumerable.Range(0, Columns).Select(column => ($"c{column}", true))]);
            var rows = Math.Max(1, size / (Columns * Bytes));
            file.Group(rows, [Place(file.Page(PageEncoding.Plain, rows, Plain("a", rows)), rows), Labels(file, rows),
                .. Enumerable.Range(0, Columns).Select(_ => Place(file.Page(PageEncoding.Plain, rows, Plain("a", rows)), rows))]);
            return file.End();
        },
        ["names of classes"] = size =>
        {
            var names = Numbered(size / 12, "\"n{0}\"");
            var file = new ParquetBytes(("text", true), ("label", false))
            {
                Note = $$$"""{"info":{"features":{"label":{"names":[{{{names}}}],"_type":"ClassLabel"} } } }""",
            };
            const int Rows = 1000;
            file.Group(Rows, Place(file.Page(PageEncoding.Plain, Rows, Plain("a", Rows)), Rows), Labels(file, Rows));
            return file.End();
        },
    };

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_file_takes_time_in_proportion_to_its_size(string attack) => ReadingTime.Check(attack, _attacks[attack], content =>
    {
        foreach (var row in Rows(content))
        {
            Assert.Null(row.Problem);
        }
    });

    /// <summary>The number of the format's codec, and how a page is packed by it.</summary>
    private static readonly Dictionary<string, (int Codec, Func<byte[], byte[]> Pack)> _packings = new()
    {
        ["snappy"] = (1, body => [.. Varints(body.Length), .. Literals(body, longest: 60, piece => (byte)((piece.Length - 1) << 2))]),
        ["gzip"] = (2, body => Through(packed => new GZipStream(packed, CompressionLevel.Fastest), body)),
        ["lz4"] = (7, Lz4),
        ["brotli"] = (4, body => Through(packed => new BrotliStream(packed, CompressionLevel.Fastest), body)),
        ["zstd"] = (6, body => // a frame of one block that is stored as it is
        [
            0x28, 0xB5, 0x2F, 0xFD, 0xA0, .. BitConverter.GetBytes(body.Length), .. BitConverter.GetBytes((body.Length << 3) | 1)[..3], .. body,
        ]),
    };

    public static TheoryData<string> Packings => [.. _packings.Keys];

    /// <summary>A page costs what it takes to begin unpacking, and a small page is soon read.</summary>
    [Theory]
    [MemberData(nameof(Packings))]
    public void Packed_pages_of_one_row_take_time_in_proportion_to_the_size(string packing) => ReadingTime.Check(packing, size =>
    {
        var file = new ParquetBytes(("text", true), ("label", false)) { Packing = _packings[packing] };
        var rows = size / 60;
        var texts = file.Length;
        Repeat(rows, () => file.Page(PageEncoding.Plain, 1, Plain("a film", 1)));
        file.Group(rows, (texts, file.Length - texts, rows), Labels(file, rows));
        return file.End();
    }, content => Assert.True(Rows(content).All(row => row.Problem is null)));

    private static byte[] Through(Func<Stream, Stream> pack, byte[] body)
    {
        using var packed = new MemoryStream();
        using (var stream = pack(packed))
        {
            stream.Write(body);
        }

        return packed.ToArray();
    }

    /// <summary>One sequence that has literals only.</summary>
    private static byte[] Lz4(byte[] body) => body.Length < 15
        ? [(byte)(body.Length << 4), .. body]
        : [0xF0, .. Enumerable.Repeat((byte)255, (body.Length - 15) / 255), (byte)((body.Length - 15) % 255), .. body];

    private static byte[] Literals(byte[] body, int longest, Func<byte[], byte> tag) =>
        [.. body.Chunk(longest).SelectMany(piece => (byte[])[tag(piece), .. piece])];

    private static byte[] Varints(int number)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        Varint.Write(bytes, (ulong)number);
        return bytes.WrittenSpan.ToArray();
    }

    [Fact]
    public void Groups_that_share_their_bytes_are_refused()
    {
        var file = Reviews();
        var texts = file.Page(PageEncoding.Plain, 100_000, Plain("a", 100_000));
        var labels = Labels(file, 1);
        Repeat(10_000, () => file.Group(1, (texts.Start, texts.Length, 1), labels));

        AssertRefused("more than the file", file.End());
    }

    [Fact]
    public void Billions_of_differences_in_a_few_bytes_are_refused()
    {
        const int Most = int.MaxValue / 2;
        var file = Reviews();
        var texts = file.Page(PageEncoding.DeltaLengths, Most, Differences(0, Most));
        file.Group(1, Place(texts, Most), Labels(file, 1));

        AssertRefused("cannot hold", file.End());
    }

    private static void AssertRefused(string expected, byte[] content)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains(expected, Assert.Throws<InputException>(() => Rows(content).Count()).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    private static IEnumerable<TextRow> Rows(byte[] content) =>
        new ParquetTable("t.parquet", new TextOptions(), labelled: true, TextNotices.None).Read(new MemoryStream(content), TextLimits.Standard);

    private static ParquetBytes Reviews() => new(("text", true), ("label", false));

    private static (int, int, long) Labels(ParquetBytes file, int rows) =>
        Place(file.Page(PageEncoding.Plain, rows, new byte[rows * Whole]), rows);

    private static (int, int, long) Place((int Start, int Length) page, int values) => (page.Start, page.Length, values);

    private static void Repeat(int times, Action action)
    {
        for (var time = 0; time < times; time++)
        {
            action();
        }
    }
}
