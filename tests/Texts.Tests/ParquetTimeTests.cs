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
