using LoraOnnx.Scoring.Shards;
using LoraOnnx.Texts;

namespace LoraOnnx.Scoring.Tests;

/// <summary>Names for the model's classes, and labels that the file has itself.</summary>
public sealed class OwnLabelTests : IDisposable
{
    private readonly Workbench _bench = new(new TinyModelOptions { Labels = ["LABEL_0", "LABEL_1"] });

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("neg,pos", null)]
    [InlineData("", "LABEL_1=pos,LABEL_0=neg")]
    [InlineData("", "0=neg,1=pos")]
    public void Classes_without_names_come_out_under_the_users(string labels, string? map)
    {
        _bench.Write("a.csv", "text\ngood\nbad film\n");
        var before = _bench.Score("a.csv", "before.csv");

        var after = _bench.Score("a.csv", "after.csv", Said(labels, map));

        Assert.StartsWith("text,label,score,score_neg,score_pos,truncated,error\n", after, StringComparison.Ordinal);
        Assert.Equal(before.Replace("LABEL_0", "neg", StringComparison.Ordinal).Replace("LABEL_1", "pos", StringComparison.Ordinal), after);
    }

    [Theory]
    [InlineData("csv", "csv")]
    [InlineData("csv", "parquet")]
    [InlineData("parquet", "parquet")]
    [InlineData("jsonl", "jsonl")]
    public void Labels_of_the_file_are_counted_against_the_answers_and_kept_as_they_are(string from, string to)
    {
        _bench.Write("stars.csv", "text,stars\ngood,1\nbad,2\nawful film,3\nthe plot,4\nslow,5\ngreat,\n");
        var answers = _bench.Score("stars.csv", "plain.csv").Split('\n').Skip(1).SkipLast(1).Select(line => line.Split(',')[2]).ToArray();
        var agreeing = answers.Take(2).Count(label => label == "LABEL_0") + answers.Skip(3).Take(2).Count(label => label == "LABEL_1");
        if (from != "csv")
        {
            _bench.Score("stars.csv", $"stars.{from}");
        }

        var line = _bench.Summary($"stars.{from}", $"out.{to}", options => options with
        {
            Texts = new TextOptions { LabelMap = "1-2=LABEL_0,4-5=LABEL_1", LabelColumn = "stars" },
        });

        Assert.Contains($"; of 4 labels in the input {agreeing} agree ({25.0 * agreeing:0.0} %)", line, StringComparison.Ordinal);
        Assert.True(to != "csv" || File.ReadAllText(_bench.At("out.csv")).StartsWith("text,stars,label,", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_held_against_labels_that_nobody_speaks_of()
    {
        _bench.Write("a.csv", "text,label\ngood,1\n");

        Assert.DoesNotContain("labels in the input", _bench.Summary("a.csv", "b.csv"), StringComparison.Ordinal);
        Assert.Contains("of 1 labels in the input", _bench.Summary("a.csv", "c.csv", Said("neg,pos", null)), StringComparison.Ordinal);
        _bench.Write("d.csv", "text\ngood\n");
        Assert.DoesNotContain("labels in the input", _bench.Summary("d.csv", "e.csv", Said("neg,pos", "1-2=neg,4-5=pos")), StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_joined_with_what_each_counted()
    {
        _bench.Write("a.csv", "text,label\ngood,0\nbad,1\n");
        var whole = _bench.Summary("a.csv", "a1.csv", Said("neg,pos", null));
        _bench.Score("a.csv", "b.csv", options => Said("neg,pos", null)(options) with { Shard = new Shard(1, 2) });
        _bench.Score("a.csv", "b.csv", options => Said("neg,pos", null)(options) with { Shard = new Shard(2, 2) });

        var joined = ShardJoin.Run(_bench.At("b.csv"), TestContext.Current.CancellationToken);

        Assert.Equal(whole[whole.IndexOf("rows:", StringComparison.Ordinal)..], joined[joined.IndexOf("rows:", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Several_labels_agree_where_the_same_hold()
    {
        using var bench = new Workbench(new TinyModelOptions { Labels = ["joy", "fear", "anger"], ProblemType = "multi_label_classification" });
        bench.Write("a.csv", "text\ngood film\nbad plot\n");
        var own = bench.Score("a.csv", "a2.csv").Split('\n').Skip(1).Take(2).Select(line => line.Split(',')[2]).ToArray();
        bench.Write("b.csv", $"text,labels\ngood film,{own[0]}\nbad plot,{(own[1] == "joy" ? "fear" : "joy")}\n");

        var line = bench.Summary("b.csv", "c.csv", options => options with { Texts = new TextOptions { LabelColumn = "labels" } });

        Assert.Contains("of 2 labels in the input 1 agree (50.0 %)", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b,c", null, null, "--labels has 3 names (a, b, c); the model has 2 classes: LABEL_0, LABEL_1.")]
    [InlineData("", "good=fine,bad=poor", null, "--label-map leads to 'fine', which is no class of the model: LABEL_0, LABEL_1.")]
    [InlineData("", null, "stars", "no column is called 'stars'")]
    public void What_the_model_or_the_file_has_not_is_told_before_anything_is_written(string labels, string? map, string? column, string expected)
    {
        _bench.Write("a.csv", "text,label\ngood,1\n");

        var failure = _bench.Refuses("a.csv", "b.csv", options => options with
        {
            Texts = Said(labels, map)(options).Texts with { LabelColumn = column },
        });

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_bench.At(""), "b.csv*"));
    }

    private static Func<ScoreOptions, ScoreOptions> Said(string labels, string? map) => options => options with
    {
        Texts = new TextOptions { Labels = labels.Split(',', StringSplitOptions.RemoveEmptyEntries), LabelMap = map },
    };
}
