using LoraOnnx.Texts.Parquet;
using Parquet;

namespace LoraOnnx.Texts.Tests;

/// <summary>What is written as Parquet: read by others, with the types of the file it was copied from.</summary>
public sealed class StoredTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Repository.Path("tests", "Texts.Tests", "foreign"), "*.parquet")
            .Select(path => Path.GetFileNameWithoutExtension(path)!)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_copy_has_the_schema_and_the_values_of_the_file_in_groups_of_another_size(string name)
    {
        var original = Foreign(name);
        var copy = Path.Combine(_folder.Path, $"{name}.parquet");
        Copy(original, copy, rowsOfAGroup: 7);
        var again = Path.Combine(_folder.Path, $"{name}-2.parquet");
        Copy(copy, again, rowsOfAGroup: 7);

        Assert.Equal(File.ReadAllBytes(copy), File.ReadAllBytes(again));
        var (theirSchema, theirs) = await ReadAsync(copy);
        var (schema, values) = await ReadAsync(original);
        Assert.Equal(schema, theirSchema);
        Assert.Equal(values?.Length ?? theirs!.Length, theirs!.Length); // the library cannot read all originals (decision 15), but all copies
        Assert.Equal(values ?? theirs, theirs);
    }

    [Fact]
    public async Task New_columns_hold_what_was_added_and_nothing_where_nothing_was()
    {
        var path = Path.Combine(_folder.Path, "new.parquet");
        StoredField[] fields = [StoredField.New("text", StoredKind.Text), StoredField.New("json", StoredKind.Json),
            StoredField.New("whole", StoredKind.Whole), StoredField.New("number", StoredKind.Number), StoredField.New("truth", StoredKind.Truth)];
        var table = new StoredTable(fields);
        using (var stream = File.Create(path))
        {
            StoredTable.Begin(stream);
            for (var row = 0; row < 20; row++)
            {
                var isNull = row % 3 == 2;
                table.Add(0, isNull ? null : $"naïve {row}\n");
                table.Add(1, isNull ? null : "[1]");
                table.Add(2, isNull ? null : row - 5L);
                table.Add(3, isNull ? null : row / 4.0);
                table.Add(4, isNull ? null : row % 2 == 0);
            }

            StoredTable.End(stream, fields, [table.EndGroup(stream, 20)]);
        }

        var (schema, values) = await ReadAsync(path);

        Assert.Contains("text", schema, StringComparison.Ordinal);
        string[] rows = [.. Enumerable.Range(0, 20).Where(row => row % 3 != 2).Select(row => $"naïve {row}\n")];
        Assert.Contains(string.Join('|', rows), values, StringComparison.Ordinal);
        Assert.Contains(string.Join('|', Enumerable.Range(0, 20).Where(row => row % 3 != 2).Select(row => row - 5)), values,
            StringComparison.Ordinal);
        Assert.Contains(string.Join('|', Enumerable.Range(0, 20).Where(row => row % 3 != 2).Select(row => row % 2 == 0)), values,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_column_keeps_its_type()
    {
        var path = Path.Combine(_folder.Path, "renamed.parquet");
        using (var rows = StoredRows.Open(Foreign("reviews")))
        using (var stream = File.Create(path))
        {
            StoredField[] fields = [.. rows.Fields.Select(field => field.Name == "label" ? field.Renamed("input_label") : field)];
            var table = new StoredTable(fields);
            StoredTable.Begin(stream);
            while (rows.TryCopyNext(table, 0, out _, out _))
            {
            }

            StoredTable.End(stream, fields, [table.EndGroup(stream, rows.Rows)]);
        }

        using var renamed = StoredRows.Open(path);
        Assert.Equal(["text", "input_label", "genre"], renamed.Fields.Select(field => field.Name));
        Assert.Equal(3000, renamed.Rows);
    }

    [Fact]
    public void Rows_that_are_passed_over_are_not_copied()
    {
        using var all = StoredRows.Open(Foreign("reviews"));
        all.Skip(2_998);

        Assert.True(all.TryCopyNext(new StoredTable(all.Fields), 0, out var text, out var problem));
        Assert.Equal(("Review 2998: schlecht, \"naïve\" 🎬", null), (text, problem));
    }

    [Fact]
    public void Every_damaged_file_is_copied_or_refused() => new FuzzRun(
        new Mutator(
            [.. new[] { "classes", "flags", "null-text", "small-v2", "small-dictionary", "small-split", "small-plain", "nested", "bytes", "arrow-v2" }
                .Select(name => File.ReadAllBytes(Foreign(name)))],
            ["\0", "\u0001", "\u007f", "text", "\u0015\u0002", new string('ÿ', 6)]),
        "is not a Parquet file that can be read")
    { Inputs = 20_000 }
        .Check(input =>
        {
            using var rows = StoredRows.Open("texts.parquet", new MemoryStream(input), new TextLimits(LineBytes: 2_000, TotalBytes: 100_000));
            var table = new StoredTable(rows.Fields);
            while (rows.TryCopyNext(table, 0, out _, out _))
            {
            }

            StoredTable.End(Stream.Null, rows.Fields, [table.EndGroup(Stream.Null, rows.Rows)]);
        });

    private static void Copy(string from, string to, int rowsOfAGroup)
    {
        using var rows = StoredRows.Open(from);
        using var stream = File.Create(to);
        var table = new StoredTable(rows.Fields);
        StoredTable.Begin(stream);
        var groups = new List<StoredGroup>();
        var inGroup = 0;
        while (rows.TryCopyNext(table, 0, out _, out _))
        {
            if (++inGroup == rowsOfAGroup)
            {
                groups.Add(table.EndGroup(stream, inGroup));
                inGroup = 0;
            }
        }

        StoredTable.End(stream, rows.Fields, [.. groups, table.EndGroup(stream, inGroup)]);
    }

    /// <summary>Schema and values as Parquet.Net reads them; no values where it cannot.</summary>
    private static async Task<(string Schema, string? Values)> ReadAsync(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        var fields = reader.Schema.GetDataFields();
        var schema = $"{reader.Schema} {string.Join(", ", fields.Select(field => $"{field.Path} {field.ClrType}"))}";
        var text = new System.Text.StringBuilder();
        try
        {
            foreach (var field in fields)
            {
                var (levels, values) = (new List<string>(), new List<string>());
                foreach (var group in reader.RowGroups)
                {
                    using var column = await group.ReadRawColumnDataBaseAsync(field);
                    string[][] ofGroup = Texts((dynamic)column, field.MaxDefinitionLevel);
                    levels.AddRange(ofGroup[0]);
                    values.AddRange(ofGroup[1]);
                }

                text.Append($"\n{field.Path}: {string.Join(' ', levels)}: {string.Join('|', values)}");
            }
        }
        catch (Exception failure) when (failure is NotImplementedException or System.Reflection.TargetInvocationException)
        {
            return (schema, null);
        }

        return (schema, text.ToString());
    }

    /// <summary>Definition levels, and the values that are there: the library's memory goes on behind them.</summary>
    private static string[][] Texts<T>(global::Parquet.Data.RawColumnData<T> column, int most)
        where T : struct
    {
        int[] levels = most == 0 ? [] : column.DefinitionLevels.ToArray();
        var values = column.Values.ToArray();
        return
        [
            [.. levels.Select(level => $"{level}")],
            [.. values.Take(most == 0 ? values.Length : levels.Count(level => level == most))
                .Select(value => value is ReadOnlyMemory<byte> bytes ? Convert.ToHexString(bytes.Span) : $"{value}")],
        ];
    }

    private static string Foreign(string name) => Repository.Path("tests", "Texts.Tests", "foreign", $"{name}.parquet");
}
