using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Scoring.Tests;

/// <summary>A file in, a file out.</summary>
public sealed class ScoreRunTests : IDisposable
{
    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Every_row_comes_out_with_its_columns_and_what_the_engine_says_of_its_text()
    {
        _bench.Write("a.csv", "id,text,stars\n7,\"the film\nwas, \"\"good\"\"\",3\n8,awful,\n");

        var lines = _bench.Score("a.csv", "a.jsonl").TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();

        using var engine = TextClassifier.Load(_bench.Model, new InferenceOptions { Device = ComputeDevice.Cpu, Threads = 1 });
        Assert.Equal(["the film\nwas, \"good\"", "awful"], lines.Select(line => line.GetProperty("text").GetString()));
        Assert.Equal(["7", "8"], lines.Select(line => line.GetProperty("id").GetString()));
        Assert.Equal(["3", ""], lines.Select(line => line.GetProperty("stars").GetString()));
        foreach (var line in lines)
        {
            var logits = engine.Run([engine.Encode(line.GetProperty("text").GetString()!)], TestContext.Current.CancellationToken)[0];
            var scores = Probabilities.Of(logits, ProblemType.SingleLabel, 1);
            double[] written = [line.GetProperty("score_NEGATIVE").GetDouble(), line.GetProperty("score_POSITIVE").GetDouble()];
            Assert.Equal<double>(scores, written);
            Assert.Equal(scores.Max(), line.GetProperty("score").GetDouble());
            Assert.Equal(scores[1] > scores[0] ? "POSITIVE" : "NEGATIVE", line.GetProperty("label").GetString());
            Assert.False(line.GetProperty("truncated").GetBoolean());
            Assert.Equal(JsonValueKind.Null, line.GetProperty("error").ValueKind);
        }
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("tsv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public void Every_format_that_is_written_can_be_read_and_scored_to_the_same_table(string format)
    {
        _bench.Rows("rows.csv", 200);
        _bench.Score("rows.csv", $"one.{format}");

        var direct = _bench.Score("rows.csv", "direct.csv");
        var back = _bench.Score($"one.{format}", "back.csv");

        static string[] Words(string table) => [.. table.Split('\n').Select(line => line.Split(',')[0])];
        Assert.Equal(Words(direct), Words(back));
        Assert.Contains("input_label,input_score", back, StringComparison.Ordinal);
        Assert.Equal(direct.Split('\n').Length, back.Split('\n').Length);
    }

    [Fact]
    public void Numbers_truth_values_and_lists_of_JSON_keep_their_kinds_in_JSON_and_in_Parquet()
    {
        _bench.Write("a.jsonl", """
            {"text": "good", "stars": 4, "price": 1.50, "seen": true, "tags": ["a", {"b": 1}], "note": null}
            {"text": "bad", "price": 2, "seen": null, "tags": "c"}

            """);

        var first = _bench.Score("a.jsonl", "a2.jsonl").Split('\n')[0];
        _bench.Score("a.jsonl", "a.parquet");
        var copied = _bench.Score("a.parquet", "a3.jsonl").Split('\n');

        Assert.StartsWith("""{"text": "good", "stars": 4, "price": 1.50, "seen": true, "tags": ["a", {"b": 1}], "note": null, "label": """, first,
            StringComparison.Ordinal);
        Assert.Equal(["text", "stars", "price", "seen", "tags", "note", "label", "score", "score_NEGATIVE", "score_POSITIVE", "truncated", "error"],
            _bench.ColumnsOf("a.parquet"));
        Assert.StartsWith("""{"text": "good", "stars": 4, "price": 1.5, "seen": true, "tags": "[\"a\", {\"b\": 1}]", "note": null, """, copied[0],
            StringComparison.Ordinal);
        Assert.StartsWith("""{"text": "bad", "stars": null, "price": 2.0, "seen": null, "tags": "\"c\"", "note": null, """, copied[1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_of_Parquet_that_are_no_text_are_copied_as_they_are_and_refused_where_they_would_be_lost()
    {
        var foreign = Repository.Path("tests", "Texts.Tests", "foreign", "zstd-v2.parquet");

        _bench.Score(foreign, "copy.parquet");

        await using var before = await Parquet.ParquetReader.CreateAsync(foreign, null, TestContext.Current.CancellationToken);
        await using var after = await Parquet.ParquetReader.CreateAsync(_bench.At("copy.parquet"), null,
            TestContext.Current.CancellationToken);
        var names = before.Schema.Fields.Select(field => field.Name).ToList();
        Assert.Equal(names.Select(name => name == "label" ? "input_label" : name), after.Schema.Fields.Take(names.Count).Select(field => field.Name));
        Assert.Equal(before.Schema.Fields.Where(field => field.Name != "label"),
            after.Schema.Fields.Take(names.Count).Where(field => field.Name != "input_label"));
        var refused = _bench.Refuses(foreign, "lost.csv");
        Assert.Contains("has values that only Parquet keeps", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_cannot_be_read_says_why_and_strict_ends_there()
    {
        _bench.Write("a.csv", "id,text\n1,good\n2\n3,bad\n");

        var scored = _bench.Score("a.csv", "a2.csv").Split('\n');

        Assert.Equal(",,,,,,,\"line 3: has 1 fields, the header has 2.\"", scored[2]);
        Assert.StartsWith("3,bad,", scored[3], StringComparison.Ordinal);
        var strict = _bench.Refuses("a.csv", "strict.csv", options => options with { Strict = true });
        Assert.Contains("a.csv:3: has 1 fields, the header has 2.", strict.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_bench.At(""), "strict.csv*"));
    }

    [Theory]
    [InlineData("csv", "2,music,,,,,,the model gave logits that are not finite")]
    [InlineData("jsonl", """{"id": "2", "text": "music", "label": null, "score": null, "score_NEGATIVE": null, "score_POSITIVE": null,"""
        + """ "truncated": null, "error": "the model gave logits that are not finite"}""")]
    public void A_text_for_which_the_model_gives_no_numbers_has_that_reason_and_no_scores(string format, string expected)
    {
        using var bench = new Workbench(change: weights =>
        {
            var (words, width) = (weights[weights.Config.Layout.Embeddings.Words.Key].Values, weights.Config.Shape.Width);
            var music = LoraOnnx.Model.Tokenization.TextTokenizer.Load(_bench.Model).Encode("music", 8, Model.Tokenization.Truncation.Head).Ids[1];
            Array.Fill(words, float.NaN, music * width, width);
        });
        bench.Write("a.csv", "id,text\n1,good\n2,music\n3,bad\n");

        var scored = bench.Score("a.csv", $"out.{format}").TrimEnd().Split('\n');

        Assert.Equal(expected, scored[^2]);
        Assert.DoesNotContain("not finite", scored[^1] + scored[^3], StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", string.Concat(scored), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_stands_before_CSV_where_Excel_is_to_know_UTF8()
    {
        _bench.Write("a.csv", "text\nschön\n");

        _bench.Score("a.csv", "plain.csv");
        _bench.Score("a.csv", "excel.csv", options => options with { ByteOrderMark = true });
        var wrong = _bench.Refuses("a.csv", "a.jsonl", options => options with { ByteOrderMark = true });

        byte[][] files = [File.ReadAllBytes(_bench.At("plain.csv")), File.ReadAllBytes(_bench.At("excel.csv"))];
        Assert.Equal([.. Encoding.UTF8.Preamble, .. files[0]], files[1]);
        Assert.Contains("--bom is for .csv and .tsv", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_that_a_spreadsheet_would_compute_stand_behind_an_apostrophe_unless_they_are_to_be_kept()
    {
        _bench.Write("a.csv", "text,note\n=1+1,@b\n-3,\"+c\"\n");

        Assert.Contains("\n'=1+1,'@b,", _bench.Score("a.csv", "safe.csv"), StringComparison.Ordinal);
        Assert.Contains("\n-3,'+c,", _bench.Score("a.csv", "safe.csv"), StringComparison.Ordinal);
        Assert.Contains("\n=1+1,@b,", _bench.Score("a.csv", "kept.csv", options => options with { KeepFormulas = true }), StringComparison.Ordinal);
        Assert.StartsWith("{\"text\": \"=1+1\", \"note\": \"@b\"", _bench.Score("a.csv", "exact.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_texts_are_marked_and_packed_input_is_unpacked()
    {
        using (var packed = new GZipStream(File.Create(_bench.At("a.csv.gz")), CompressionMode.Compress))
        {
            packed.Write("text\ngood\n"u8);
            packed.Write([.. Enumerable.Repeat("very "u8.ToArray(), 100).SelectMany(word => word), (byte)'\n']);
        }

        var rows = _bench.Score("a.csv.gz", "a.csv").Split('\n');

        Assert.EndsWith(",false,", rows[1], StringComparison.Ordinal);
        Assert.EndsWith(",true,", rows[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_several_labels_gives_independent_scores_and_the_labels_that_hold()
    {
        using var bench = new Workbench(new TinyModelOptions { Labels = ["joy", "fear", "anger"], ProblemType = "multi_label_classification" });
        bench.Write("a.csv", "text\ngood film\n");

        var row = JsonDocument.Parse(bench.Score("a.csv", "a.jsonl")).RootElement;

        string[] labels = ["joy", "fear", "anger"];
        var scores = labels.ToDictionary(label => label, label => row.GetProperty($"score_{label}").GetDouble());
        Assert.Equal(scores.MaxBy(pair => pair.Value).Key, row.GetProperty("label").GetString());
        Assert.Equal(labels.Where(label => scores[label] >= 0.5), row.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.NotInRange(scores.Values.Sum(), 1 - 1e-6, 1 + 1e-6);
    }

    [Theory]
    [InlineData("a.xlsx", "b.csv", "is a workbook")]
    [InlineData("a.csv", "b.txt", "expected .csv, .tsv, .jsonl or .parquet")]
    [InlineData("a.csv", "a.csv", "is --in and --out at once")]
    [InlineData("a.csv", "none/b.csv", "its folder does not exist")]
    [InlineData("a.csv", "onnx", "is a directory")]
    [InlineData("none.csv", "b.csv", "no such file")]
    [InlineData("c.csv", "b.csv", "no column is called")]
    public void What_cannot_be_is_told_before_anything_is_written(string input, string output, string expected)
    {
        _bench.Write("a.csv", "text\ngood\n");
        _bench.Write("c.csv", "words\ngood\n");
        _bench.Write("a.xlsx", "PK");

        var failure = _bench.Refuses(input, output);

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.True(input != "a.xlsx" || failure.Hint!.StartsWith("save as CSV", StringComparison.Ordinal));
        Assert.True(input != "none.csv" || failure.Hint!.Contains("has: ", StringComparison.Ordinal), failure.Hint);
        Assert.Empty(Directory.GetFiles(_bench.At(""), "*.partial"));
    }

    [Fact]
    public void Another_model_is_named()
    {
        _bench.Write("a.csv", "text\ngood\n");

        Assert.Contains("no such file or directory", _bench.Refuses("a.csv", "b.csv", options => options with { Model = _bench.At("none") }).Message,
            StringComparison.Ordinal);
        Directory.CreateDirectory(_bench.At("empty"));
        Assert.Contains("has no model.onnx", _bench.Refuses("a.csv", "b.csv", options => options with { Model = _bench.At("empty") }).Message,
            StringComparison.Ordinal);
    }
}
