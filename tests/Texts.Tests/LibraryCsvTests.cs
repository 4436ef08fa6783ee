using nietras.SeparatedValues;

namespace LoraOnnx.Texts.Tests;

/// <summary>Why CSV and TSV are read by our own code: docs/decisions/0020. Fails when the library's reader could be taken.</summary>
public sealed class LibraryCsvTests : ReadingTests
{
    /// <summary>Lines one to three are not quoted, the last one is; no setting of the library reads both.</summary>
    private const string Mixed = "text\tlabel\n\"the film was great\t1\na bad movie\t0\nthe plot\"\t1\n\"a\ttab\"\t0\n";

    [Fact]
    public void The_library_reads_a_TSV_as_quoted_or_as_unquoted_ours_line_by_line()
    {
        Assert.Equal(["\"the film was great", "a bad movie", "the plot\"", "a\ttab"], Read("a.tsv", Mixed).Select(text => text.Text));

        Assert.Equal(2, Rows(Mixed, isQuoted: true).Count); // the first field swallows two rows
        Assert.Equal("\"a", Rows(Mixed, isQuoted: false)[^1][0]); // the tab inside quotes ends the field
    }

    [Fact]
    public void The_library_says_nothing_of_rows_that_a_quoted_field_swallows()
    {
        const string Swallowed = "text\tlabel\nfine\t1\n\"so\tmany\tfields\n\"\"a bad movie\t0\nthe plot\"\t1\n";

        Assert.Equal(2, Read("a.tsv", Swallowed).Count);
        Assert.Single(Warnings);
        Assert.Equal(2, Rows(Swallowed, isQuoted: true).Count); // in silence
    }

    [Fact]
    public void The_library_ends_at_a_row_with_another_number_of_fields_ours_goes_on_behind_it()
    {
        const string Uneven = "text,label\na,1\nb\nc,0\n";

        var ours = TextRows.Read(Folder.Write("a.csv", Uneven), new TextOptions(), labelled: false, TextNotices.None, null, CancellationToken.None)
            .ToList();

        Assert.Equal([true, false, true], ours.Select(row => row.Problem is null));
        Assert.Throws<InvalidDataException>(() =>
        {
            using var reader = Sep.New(',').Reader(options => options with { Unescape = true }).FromText(Uneven);
            while (reader.MoveNext())
            {
            }
        });
    }

    private static List<string[]> Rows(string text, bool isQuoted)
    {
        using var reader = Sep.New('\t').Reader(options => options with
        {
            Unescape = isQuoted,
            DisableQuotesParsing = !isQuoted,
            DisableColCountCheck = true
        })
            .FromText(text);
        var rows = new List<string[]>();
        while (reader.MoveNext())
        {
            var cells = new string[reader.Current.ColCount];
            for (var cell = 0; cell < cells.Length; cell++)
            {
                cells[cell] = reader.Current[cell].ToString();
            }

            rows.Add(cells);
        }

        return rows;
    }
}
