using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace LoraOnnx.Scoring.Tests;

/// <summary>lora-score as a user runs it: from a pipe, through a server, on many machines, over mistakes.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly string _program = Repository.Path("bin", "lora-score");

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("text\ngood\n\"bad\nfilm\"\n")]
    [InlineData("{\"text\": \"good\"}\n{\"text\": \"bad\\nfilm\"}\n")]
    [InlineData("[{\"text\": \"good\"}, {\"text\": \"bad\\nfilm\"}]")]
    public void Standard_input_is_scored_as_the_same_file_would_be(string content)
    {
        _bench.Write(content[0] == 't' ? "a.csv" : "a.json", content);
        var expected = _bench.Score(content[0] == 't' ? "a.csv" : "a.json", "file.jsonl");

        var result = Command.Run(_program, ["--model", _bench.Model, "--in", "-", "--out", _bench.At("pipe.jsonl")], input: content);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(expected, File.ReadAllText(_bench.At("pipe.jsonl")));
        Assert.Empty(Directory.GetFiles(_bench.At(""), "*stdin*"));
    }

    [Fact]
    public void Packed_bytes_and_Parquet_come_through_a_pipe_too_and_a_workbook_does_not()
    {
        var csv = _bench.Write("a.csv", "text\ngood\nbad film\n");
        var expected = _bench.Score("a.csv", "a.jsonl");
        using (var packed = new GZipStream(File.Create(_bench.At("a.csv.gz")), CompressionMode.Compress))
        {
            packed.Write(File.ReadAllBytes(csv));
        }

        _bench.Score("a.csv", "b.parquet");
        File.WriteAllBytes(_bench.At("a.xlsx"), [0x50, 0x4B, 3, 4, 0, 0]);

        CommandResult Piped(string file, string target) => Command.Run("/bin/sh",
            ["-c", $"cat '{_bench.At(file)}' | '{_program}' --model '{_bench.Model}' --in - --out '{_bench.At(target)}'"]);
        Assert.Equal(0, Piped("a.csv.gz", "packed.jsonl").ExitCode);
        Assert.Equal(expected, File.ReadAllText(_bench.At("packed.jsonl")));
        Assert.Equal(0, Piped("b.parquet", "stored.parquet").ExitCode);
        Assert.Contains("input_label", _bench.ColumnsOf("stored.parquet"));
        foreach (var refused in new[] { Piped("a.xlsx", "c.csv"),
            Command.Run(_program, ["--model", _bench.Model, "--in", _bench.At("a.xlsx"), "--out", _bench.At("c.csv")]) })
        {
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("save as CSV", refused.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("words\ngood\n", "standard input:1: no column is called")]
    [InlineData("text\n", "standard input:1: is empty")]
    [InlineData("id,text\n1,good\n2\n", "standard input:3: has 1 fields, the header has 2.")]
    [InlineData("{\"text\": \"good\"}\n{\"text\": 3}\n", "standard input:2: ")]
    [InlineData("id,text\n1,\"good\n", "standard input:2: a quoted field does not end.")]
    [InlineData("PAR1 is how it begins", "standard input: is not a Parquet file that can be read")]
    [InlineData("\u001F\u008Bis how it begins", "standard input: the compressed data is damaged")]
    public void What_is_wrong_with_standard_input_is_said_of_it_and_not_of_a_copy(string content, string expected)
    {
        File.WriteAllBytes(_bench.At("piped"), Encoding.Latin1.GetBytes(content));

        var result = Command.Run("/bin/sh",
            ["-c", $"'{_program}' --model '{_bench.Model}' --in - --out '{_bench.At("a.csv")}' --strict < '{_bench.At("piped")}'"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error: {expected}", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(".stdin", result.Error, StringComparison.Ordinal);
        Assert.Equal(["onnx", "piped"], new DirectoryInfo(_bench.At("")).EnumerateFileSystemInfos().Select(entry => entry.Name).Order());
    }

    /// <summary>A heap of 128 MiB: 96 are too few for one chunk of such rows, so 85 bytes kept of each row would be too many.</summary>
    [Theory]
    [InlineData("scored.csv")]
    [InlineData("scored.parquet")]
    public void Memory_does_not_grow_with_the_rows(string target)
    {
        const int Rows = 6 * 65_536;
        var input = _bench.Rows("rows.csv", Rows);

        var result = Command.Run(_program, ["--model", _bench.Model, "--in", input, "--out", _bench.At(target), "--threads", "2"],
            environment: new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x8000000" });

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains($": {Rows:#,0} rows: ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Through_a_server_the_same_comes_out_as_from_its_model()
    {
        _bench.Write("a.csv", $"id,text\n1,good film\n2,\"bad\nplot\"\n3\n4,{string.Concat(Enumerable.Repeat("very ", 100))}\n");
        var here = Rounded(_bench.Score("a.csv", "here.csv"));
        using var server = await ServerProcess.StartAsync("--model", $"mine={_bench.Model}", "--model", $"other={_bench.Model}");

        var there = Command.Run(_program, ["--model", $"http://{server.GrpcAddress}/mine", "--in", _bench.At("a.csv"), "--out",
            _bench.At("there.csv")]);
        var unknown = Command.Run(_program, ["--model", $"http://{server.GrpcAddress}/none", "--in", _bench.At("a.csv"), "--out",
            _bench.At("x.csv")]);
        var wrongPort = Command.Run(_program, ["--model", new Uri(server.HttpAddress, "/mine").ToString(), "--in", _bench.At("a.csv"), "--out",
            _bench.At("x.csv")]);

        Assert.True(there.ExitCode == 0, there.ToString());
        Assert.Equal(here, Rounded(File.ReadAllText(_bench.At("there.csv"))));
        Assert.EndsWith("; 33.33 % of the texts were cut; 1 row has no label, its column error says why.\n", there.Output, StringComparison.Ordinal);
        Assert.Contains("the server has no model 'none'; it has mine, other.", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("is a server's port for HTTP", wrongPort.Error, StringComparison.Ordinal);
        Assert.Equal((1, 1), (unknown.ExitCode, wrongPort.ExitCode));
    }

    [Theory]
    [InlineData("JOB_COMPLETION_INDEX=1", "JOB_COMPLETIONS=2")]
    [InlineData("SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT=2")]
    public void Shards_follow_where_they_run_and_the_parts_make_the_file(string index, string count)
    {
        _bench.Rows("rows.csv", 50);
        var whole = _bench.Score("rows.csv", "one.csv");
        var second = Pair(index);
        foreach (var number in new[] { "0", "1", "1" }) // one index is started again
        {
            var part = Command.Run(_program, Shard("rows.csv", "auto"), environment: new Dictionary<string, string>
            {
                [second.Key] = number,
                [Pair(count).Key] = Pair(count).Value,
            });
            Assert.True(part.ExitCode == 0, part.ToString());
        }

        var joined = Command.Run(_program, ["--join", "--out", _bench.At("all.csv")]);
        File.Delete(_bench.At("all-2-of-2.csv.shard.json"));
        var missing = Command.Run(_program, ["--join", "--out", _bench.At("all.csv")]);

        Assert.True(joined.ExitCode == 0, joined.ToString());
        Assert.Matches(@"all\.csv: 50 rows: NEGATIVE \d+, POSITIVE \d+; 0 % of the texts were cut\.\n$", joined.Output);
        Assert.Equal(whole, File.ReadAllText(_bench.At("all.csv")));
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("1 of 2 shards are missing or not finished: 2.", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_says_what_is_done_and_how_long_it_takes_from_here()
    {
        var (time, lines) = (new SteppedTime(), new StringWriter());
        var display = new ScoringDisplay("a.csv", done: 100, all: 1_100, time, lines, isLive: false);

        display.Report(110); // too early for a line
        time.Step(TimeSpan.FromSeconds(20));
        display.Report(300);
        time.Step(TimeSpan.FromHours(1));
        display.Report(1_000);
        display.Clear();

        Assert.Equal("a.csv: 27 %, 300 of 1,100 rows, 1 min 20 s left\na.csv: 91 %, 1,000 of 1,100 rows, 6 min 42 s left\n",
            Regex.Replace(lines.ToString(), "\r\n", "\n"));
    }

    private static string Rounded(string table) =>
        Regex.Replace(table, @"0\.\d{4,}(E-\d+)?", match => $"{double.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture):0.0000}");

    private static KeyValuePair<string, string> Pair(string variable) => KeyValuePair.Create(variable.Split('=')[0], variable.Split('=')[1]);

    private string[] Shard(string input, string shard) =>
        ["--model", _bench.Model, "--in", _bench.At(input), "--out", _bench.At("all.csv"), "--shard", shard];

    /// <summary>A clock that stands still.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Step(TimeSpan time) => _ticks += time.Ticks;
    }
}
