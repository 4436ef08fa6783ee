using LoraOnnx.Scoring.Input;
using LoraOnnx.Scoring.Shards;

namespace LoraOnnx.Scoring.Tests;

/// <summary>Parts of a file, and the file that they make.</summary>
public sealed class ShardTests : IDisposable
{
    private readonly Workbench _bench = new(new TinyModelOptions { Layers = 1, Width = 8, Inner = 8, Heads = 2 });

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public void Shards_make_the_file_of_one_process_byte_by_byte(string format)
    {
        _bench.Rows("rows.csv", (3 * Chunk.Rows) + 100);
        _bench.Score("rows.csv", $"one.{format}");
        var bytes = File.ReadAllBytes(_bench.At($"one.{format}"));

        foreach (var number in new[] { 2, 1, 3 })
        {
            _bench.Score("rows.csv", $"all.{format}", options => options with { Shard = new Shard(number, 3), Threads = number });
        }

        ShardJoin.Run(_bench.At($"all.{format}"), TestContext.Current.CancellationToken);
        Assert.Equal(bytes, File.ReadAllBytes(_bench.At($"all.{format}")));
    }

    [Fact]
    public void Copied_columns_of_Parquet_are_sharded_too_and_there_may_be_more_shards_than_chunks()
    {
        _bench.Rows("rows.csv", Chunk.Rows + 1);
        _bench.Score("rows.csv", "in.parquet");
        _bench.Score("in.parquet", "one.parquet");

        for (var number = 1; number <= 4; number++)
        {
            _bench.Score("in.parquet", "all.parquet", options => options with { Shard = new Shard(number, 4) });
        }

        ShardJoin.Run(_bench.At("all.parquet"), TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(_bench.At("one.parquet")), File.ReadAllBytes(_bench.At("all.parquet")));
    }

    [Fact]
    public void A_finished_shard_is_not_scored_again()
    {
        _bench.Write("a.csv", "text\ngood\n");
        var shard = new Shard(1, 1);
        _bench.Score("a.csv", "b.csv", options => options with { Shard = shard });
        var written = File.GetLastWriteTimeUtc(_bench.At("b-1-of-1.csv"));

        _bench.Score("a.csv", "b.csv", options => options with { Shard = shard });
        Assert.Equal(written, File.GetLastWriteTimeUtc(_bench.At("b-1-of-1.csv")));
    }

    [Fact]
    public void A_finished_shard_whose_file_was_cut_is_scored_again()
    {
        _bench.Write("a.csv", "text\ngood\n");
        var whole = _bench.Score("a.csv", "b.csv", options => options with { Shard = new Shard(1, 1) });
        File.WriteAllText(_bench.At("b-1-of-1.csv"), whole[..^3]);

        Assert.Equal(whole, _bench.Score("a.csv", "b.csv", options => options with { Shard = new Shard(1, 1) }));
    }

    [Fact]
    public void Parts_of_another_number_are_told_before_they_are_scored()
    {
        _bench.Write("a.csv", "text\ngood\n");
        _bench.Write("c-1-of-2.csv.shard.json", "{}"); // of another file
        _bench.Score("a.csv", "b.csv", options => options with { Shard = new Shard(1, 2) });

        var failure = _bench.Refuses("a.csv", "b.csv", options => options with { Shard = new Shard(1, 1) });

        Assert.Contains("b-1-of-2.csv: is part 1 of 2, --shard is 1/1: such parts do not make one file.", failure.Message,
            StringComparison.Ordinal);
        Assert.Contains("--shard N/2", failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "1 of 2 shards are missing or not finished: 2")]
    [InlineData("none", "there are no finished shards")]
    [InlineData("input", "was made with another input")]
    [InlineData("model", "was made with another model (sha256 ")]
    [InlineData("precision", "was made with another precision (int8-dynamic, not fp32)")]
    [InlineData("instructions", "was made with another processor's instructions (x64, none; not ")]
    [InlineData("settings", "was made with a model with another tokenizer, limit or calibration")]
    [InlineData("columns", "was made with other columns")]
    [InlineData("bytes", "its record says")]
    [InlineData("record", "is not the record of a shard")]
    [InlineData("counts", "there are shards of 2 and of 3 parts")]
    public void Parts_that_do_not_belong_together_are_named(string fault, string expected)
    {
        _bench.Write("a.csv", "text\ngood\nbad\n");
        _bench.Score("a.csv", "b.csv", options => options with { Shard = new Shard(1, 2) });
        _bench.Score("a.csv", "b.csv", options => options with { Shard = new Shard(2, 2) });
        Spoil(fault);

        var failure = Assert.Throws<InputException>(() => ShardJoin.Run(_bench.At("b.csv"), TestContext.Current.CancellationToken));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_bench.At("b.csv")));
    }

    [Theory]
    [InlineData("3/16", "", 3, 16)]
    [InlineData("auto", "JOB_COMPLETION_INDEX=0 JOB_COMPLETIONS=4", 1, 4)]
    [InlineData("auto/5", "JOB_COMPLETION_INDEX=4", 5, 5)]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=4", 1, 4)]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=4", 4, 4)]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=4", 4, 4)]
    [InlineData("auto/4", "SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 SLURM_ARRAY_TASK_COUNT=4", 4, 4)]
    public void A_part_is_said_or_taken_from_where_it_runs(string text, string environment, int number, int count) =>
        Assert.Equal(new Shard(number, count), Shard.Parse(text, Variables(environment)));

    [Theory]
    [InlineData("0/3", "", "would be part 0 of 3")]
    [InlineData("4/3", "", "would be part 4 of 3")]
    [InlineData("x/3", "", "expected a part and their number")]
    [InlineData("3", "", "expected a part and their number")]
    [InlineData("auto", "", "neither JOB_COMPLETION_INDEX (Kubernetes) nor SLURM_ARRAY_TASK_ID (Slurm) is set")]
    [InlineData("auto", "JOB_COMPLETION_INDEX=0", "but not how many indexes there are")]
    [InlineData("auto", "JOB_COMPLETION_INDEX=4 JOB_COMPLETIONS=4", "would be part 5 of 4")]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=1", "but not SLURM_ARRAY_TASK_COUNT")]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=1",
        "SLURM_ARRAY_TASK_MIN=3, _MAX=3 and _COUNT=1 are of some tasks, expected all parts")]
    [InlineData("auto", "SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=3",
        "SLURM_ARRAY_TASK_MIN=1, _MAX=9 and _COUNT=3 are of some tasks, expected all parts")]
    [InlineData("auto/16", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=2 SLURM_ARRAY_TASK_COUNT=2",
        "SLURM_ARRAY_TASK_MIN=1, _MAX=2 and _COUNT=2 are of some tasks, expected all 16 parts")]
    public void A_part_that_cannot_be_is_refused(string text, string environment, string expected) => Assert.Contains(expected,
        Assert.Throws<InputException>(() => Shard.Parse(text, Variables(environment))).Message, StringComparison.Ordinal);

    [Fact]
    public void Parts_are_contiguous_and_cut_at_whole_chunks()
    {
        foreach (var (rows, count) in new[] { (0L, 3), (1L, 3), (10L * Chunk.Rows, 3), (10_000_001L, 16), (5L, 1) })
        {
            var next = 0L;
            for (var number = 1; number <= count; number++)
            {
                var (first, end) = new Shard(number, count).RowsOf(rows, Chunk.Rows);
                Assert.Equal(next, first);
                Assert.True(end == rows || end % Chunk.Rows == 0);
                next = end;
            }

            Assert.Equal(rows, next);
        }
    }

    private static Func<string, string?> Variables(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return name => variables.GetValueOrDefault(name);
    }

    private void Spoil(string fault)
    {
        var path = ShardRecord.PathOf(_bench.At("b-2-of-2.csv"));
        var record = ShardRecord.Find(_bench.At("b-2-of-2.csv"), TestContext.Current.CancellationToken)!;
        var (run, scorer) = (record.Run, record.Run.Scorer);
        ShardRecord? changed = fault switch
        {
            "input" => record with { Run = run with { Input = "0" } },
            "model" => record with { Run = run with { Scorer = scorer with { Model = "0123456789abcdef" } } },
            "precision" => record with { Run = run with { Scorer = scorer with { Precision = "int8-dynamic" } } },
            "instructions" => record with { Run = run with { Scorer = scorer with { Instructions = "x64, none" } } },
            "settings" => record with { Run = run with { Scorer = scorer with { Settings = "0" } } },
            "columns" => record with { Run = run with { Columns = "0" } },
            "bytes" => record with { Bytes = 1 },
            _ => null,
        };
        changed?.Save(_bench.At("b-2-of-2.csv"));
        switch (fault)
        {
            case "missing":
                File.Delete(path);
                break;
            case "none":
                File.Delete(path);
                File.Delete(ShardRecord.PathOf(_bench.At("b-1-of-2.csv")));
                break;
            case "record":
                File.WriteAllText(path, "{");
                break;
            case "counts":
                File.Copy(_bench.At("b-1-of-2.csv"), _bench.At("b-1-of-3.csv"));
                (record with { Number = 1, Count = 3 }).Save(_bench.At("b-1-of-3.csv"));
                break;
        }
    }
}
