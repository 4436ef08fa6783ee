using LoraOnnx.Texts.Parquet;
using Parquet;

namespace LoraOnnx.Texts.Tests;

/// <summary>Why Parquet from strangers is read by our own code: docs/decisions/0015. Fails when the library's reader could be taken.</summary>
public sealed class LibraryParquetTests
{
    [Fact]
    public async Task The_library_does_not_read_lists_in_pages_of_the_second_version()
    {
        var file = Foreign("small-v2");

        Assert.NotEmpty(Ours(file));
        await Assert.ThrowsAsync<NotImplementedException>(() => TheirsAsync(file));
    }

    /// <summary>16 million values are claimed by a dictionary of three, in a file of some hundred bytes.</summary>
    [Fact]
    public async Task The_library_takes_the_memory_that_a_dictionary_asks_for()
    {
        var file = Foreign("small-dictionary");
        byte[] threeValues = [0x4C, 0x15, 0x06];
        byte[] sixteenMillion = [0x4C, 0x15, 0x80, 0x80, 0x80, 0x10];
        var claim = file.AsSpan().IndexOf(threeValues);
        byte[] bomb = [.. file[..claim], .. sixteenMillion, .. file[(claim + threeValues.Length)..]];
        Assert.True(claim > 0 && bomb.Length < 1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InputException>(() => Ours(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);

        before = GC.GetTotalAllocatedBytes(precise: true);
        await Assert.ThrowsAnyAsync<Exception>(() => TheirsAsync(bomb));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 200 << 20, long.MaxValue);
    }

    [Fact]
    public void Groups_nested_a_hundred_thousand_times_are_refused_by_ours()
    {
        byte[] group = [0x35, 0x00, 0x18, 0x01, (byte)'a', 0x15, 0x02, 0x00];
        var schema = Enumerable.Repeat(group, 100_000).SelectMany(one => one);
        byte[] footer = [0x15, 0x02, 0x19, 0xFC, 0xA0, 0x8D, 0x06, .. schema, 0x16, 0x00, 0x19, 0x0C, 0x00];

        var failure = Assert.Throws<InputException>(() => Ours([.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]));

        Assert.Contains("the schema has more than 4096 elements", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_writer_left_beside_the_schema_is_found_by_its_key()
    {
        using var stream = new MemoryStream(Foreign("arrow-v1"));

        Assert.True(ParquetFooter.Read(stream).Notes.ContainsKey("ARROW:schema"));
    }

    private static byte[] Foreign(string name) => File.ReadAllBytes(Repository.Path("tests", "Texts.Tests", "foreign", $"{name}.parquet"));

    private static List<LabelledText> Ours(byte[] file) =>
        [.. Tasks.Of(new ParquetTable("texts.parquet", new TextOptions(), labelled: true, TextNotices.None)
            .Read(new MemoryStream(file), TextLimits.Standard), Tasks.Topics)];

    private static async Task TheirsAsync(byte[] file)
    {
        await using var reader = await ParquetReader.CreateAsync(new MemoryStream(file));
        foreach (var group in reader.RowGroups)
        {
            foreach (var field in reader.Schema.GetDataFields())
            {
                (await group.ReadRawColumnDataBaseAsync(field)).Dispose();
            }
        }
    }
}
