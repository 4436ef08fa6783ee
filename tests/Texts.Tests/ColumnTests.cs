namespace LoraOnnx.Texts.Tests;

/// <summary>Which columns are taken for texts and labels, and what is said of it.</summary>
public sealed class ColumnTests : ReadingTests
{
    [Theory]
    [InlineData("review,sentiment", "texts from column 'review', labels from 'sentiment'")]
    [InlineData("Content,Class", "texts from column 'Content', labels from 'Class'")]
    [InlineData("body,rating", "texts from column 'body', labels from 'rating'")]
    [InlineData("comment,stars", "texts from column 'comment', labels from 'stars'")]
    [InlineData("sentence,label", "texts from column 'sentence', labels from 'label'")]
    public void Well_known_names_are_found_and_the_choice_is_told(string header, string choice)
    {
        var (csv, json) = (Read("a.csv", $"{header}\na,1\n"),
            Read("a.jsonl", $"{{\"{header.Replace(",", "\": \"a\", \"", StringComparison.Ordinal)}\": 1}}"));

        Assert.Equal([("a", 1), ("a", 1)], csv.Concat(json).Select(text => (text.Text, text.Labels[0])));
        Assert.Equal([$"a.csv: {choice}", $"a.jsonl: {choice}"], Notes.Select(note => note[(note.IndexOf("a.", StringComparison.Ordinal))..]));
    }

    [Fact]
    public void Of_several_well_known_names_the_first_counts_and_the_others_are_told()
    {
        var text = Assert.Single(Read("a.csv", "rating,comment,review,label\n5,c,r,1\n"));

        Assert.Equal("r", text.Text);
        Assert.Equal(new Dictionary<string, string> { ["rating"] = "5", ["comment"] = "c" }, text.Columns);
        Assert.EndsWith("a.csv: texts from column 'review', labels from 'label' (not from 'rating', 'comment')", Assert.Single(Notes),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_given_win_in_their_own_case_first()
    {
        var options = new TextOptions { TextColumn = "Film", LabelColumn = "verdict" };

        Assert.Equal("b", Assert.Single(Read("a.csv", "film,Film,Verdict,text,label\na,b,1,c,0\n", options)).Text);
        Assert.Equal([1], Assert.Single(Read("a.jsonl", """{"Film": "b", "verdict": 1, "text": "c", "label": 0}""", options)).Labels);
        Assert.Contains("no column is called 'Film'; there are: text, label.",
            Assert.Throws<InputException>(() => Read("a.csv", "text,label\na,1\n", options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_0_and_1_say_which_classes_hold()
    {
        var options = new TextOptions { LabelColumns = ["war", "love", "crime"] };

        Assert.Equal([[0, 2], []], Read("a.csv", "text,war,love,crime\na,1,0,1\nb,0,0.0,False\n", options, Tasks.Topics).Select(text => text.Labels));
        Assert.Equal([[1]], Read("a.jsonl", """{"text": "a", "war": 0, "love": true, "crime": 0.0}""", options, Tasks.Topics)
            .Select(text => text.Labels));
        Assert.Contains("a.csv:2: 'love' is \"maybe\", expected 0 or 1.",
            Assert.Throws<InputException>(() => Read("a.csv", "text,war,love,crime\na,1,maybe,1\n", options, Tasks.Topics)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Names_with_bars_between_them_are_several_labels() =>
        Assert.Equal([[1, 2], [0], []], Read("a.csv", "text,labels\na,love|crime\nb,war\nc,\n", task: Tasks.Topics).Select(text => text.Labels));

    [Fact]
    public void Unlabelled_rows_keep_all_columns_and_a_bad_one_does_not_end_the_file()
    {
        var path = Folder.Write("a.csv", "id,review,sentiment\n7,good,pos\n8,bad\n9,\"x\"y,neg\n10,last,\n");

        var rows = TextRows.Read(path, new TextOptions { IdColumn = "id" }, labelled: false, TextNotices.None, null, CancellationToken.None).ToList();

        Assert.Equal(["good", "", "", "last"], rows.Select(row => row.Text));
        Assert.Equal(["7", null, null, "10"], rows.Select(row => row.Id));
        Assert.Equal(["id", "review", "sentiment"], rows[0].Names);
        Assert.Equal(["7", "good", "pos"], rows[0].Cells.Select(cell => cell?.Text));
        Assert.Contains("a.csv:3: has 2 fields, the header has 3", rows[1].Problem!.Message, StringComparison.Ordinal);
        Assert.Contains("a.csv:4: 'y' follows the quote", rows[2].Problem!.Message, StringComparison.Ordinal);
    }
}
