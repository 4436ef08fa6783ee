using System.Globalization;

namespace LoraOnnx.Scoring.Shards;

/// <summary>One of several parts of a file, counted from 1. Parts are contiguous and cut at whole chunks, so that they make one file again.</summary>
internal sealed record Shard(int Number, int Count)
{
    private const int Most = 1_000_000;

    /// <summary>Reads <c>3/16</c>, <c>auto</c> or <c>auto/16</c>; the latter two ask the environment that Kubernetes or Slurm sets.</summary>
    /// <exception cref="InputException">It is none of these, or the environment does not say.</exception>
    public static Shard Parse(string text, Func<string, string?> environment)
    {
        var parts = text.Split('/');
        if (parts is ["auto"] or ["auto", _])
        {
            return Automatic(parts.Length == 2 ? WholeNumber(parts[1], text) : null, environment);
        }

        return parts is [var number, var count] ? Checked(WholeNumber(number, text), WholeNumber(count, text), text) : throw Malformed(text);
    }

    /// <summary>The rows of this part, of a file of so many.</summary>
    public (long First, long End) RowsOf(long rows, int rowsOfAChunk)
    {
        var chunks = (rows + rowsOfAChunk - 1) / rowsOfAChunk;
        return (Math.Min(rows, (Number - 1) * chunks / Count * rowsOfAChunk), Math.Min(rows, Number * chunks / Count * rowsOfAChunk));
    }

    /// <summary>The name of this part's file: <c>scored.parquet</c> becomes <c>scored-03-of-16.parquet</c>.</summary>
    public string NameOf(string path)
    {
        var digits = Count.ToString(CultureInfo.InvariantCulture).Length;
        var name = $"{Path.GetFileNameWithoutExtension(path)}-{Number.ToString($"D{digits}", CultureInfo.InvariantCulture)}-of-{Count}";
        return Path.Combine(Path.GetDirectoryName(path) ?? "", name + Path.GetExtension(path));
    }

    /// <summary>Parts of another number cannot be joined with this one: said before it is scored, not after.</summary>
    /// <exception cref="InputException">Such parts are done beside it.</exception>
    public void RefuseOtherCounts(string path)
    {
        var ending = ShardRecord.PathOf(Path.GetExtension(path));
        foreach (var file in new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).EnumerateFiles($"*{ending}")) // a file has one
        {
            var name = file.Name[..^ending.Length].Split("-of-");
            if (name.Length > 1 && name[^1] != $"{Count}" && int.TryParse(name[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var others)
                && int.TryParse(name[^2].Split('-')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var other)
                && new Shard(other, others).NameOf(path) is var part
                && Path.GetFileName(ShardRecord.PathOf(part)) == file.Name)
            {
                throw InputException.InFile(part, $"is part {other} of {others}, --shard is {this}: such parts do not make one file.",
                    $"score the missing ones as --shard N/{others}, or remove those that do not belong.");
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Number}/{Count}";

    private static Shard Automatic(int? count, Func<string, string?> environment)
    {
        int? Variable(string name) => environment(name) is { Length: > 0 } text ? WholeNumber(text, $"{name}={text}") : null;
        if (Variable("JOB_COMPLETION_INDEX") is { } index)
        {
            return Checked(index + 1, count ?? Variable("JOB_COMPLETIONS") ?? throw new InputException(
                "--shard auto: JOB_COMPLETION_INDEX is set, but not how many indexes there are.",
                "Kubernetes does not tell a pod; set JOB_COMPLETIONS in the manifest, or give --shard auto/16."), $"JOB_COMPLETION_INDEX={index}");
        }

        if (Variable("SLURM_ARRAY_TASK_ID") is { } id)
        {
            var tasks = Variable("SLURM_ARRAY_TASK_COUNT");
            var first = Variable("SLURM_ARRAY_TASK_MIN") ?? 0;
            CheckWhole(count, tasks, first, Variable("SLURM_ARRAY_TASK_MAX"));
            return Checked(id - first + 1, count ?? tasks ?? throw new InputException(
                "--shard auto: SLURM_ARRAY_TASK_ID is set, but not SLURM_ARRAY_TASK_COUNT.", "give --shard auto/16."), $"SLURM_ARRAY_TASK_ID={id}");
        }

        throw new InputException("--shard auto: neither JOB_COMPLETION_INDEX (Kubernetes) nor SLURM_ARRAY_TASK_ID (Slurm) is set.",
            "outside of them say which part: --shard 3/16.");
    }

    /// <summary>An array of some tasks, as one is started for those that failed, does not say which parts of how many they are.</summary>
    private static void CheckWhole(int? count, int? tasks, int first, int? last)
    {
        var isWithoutGaps = tasks is null || last is null || last - first + 1 == tasks;
        if (first > 1 || !isWithoutGaps || (count is not null && tasks is not null && tasks != count))
        {
            throw new InputException($"--shard auto: SLURM_ARRAY_TASK_MIN={first}, _MAX={last} and _COUNT={tasks} are of some tasks, expected all "
                + $"{(count is null ? "" : $"{count} ")}parts, from 0 or 1 on.",
                "to score some parts again say which: --shard $SLURM_ARRAY_TASK_ID/16, of 16 parts that are counted from 1.");
        }
    }

    private static Shard Checked(int number, int count, string text) => count is >= 1 and <= Most && number >= 1 && number <= count
        ? new Shard(number, count)
        : throw new InputException($"--shard: {text} would be part {number} of {count}, expected a part from 1 to the number of parts.");

    private static int WholeNumber(string digits, string text) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Most ? number : throw Malformed(text);

    private static InputException Malformed(string text) => new($"--shard is '{text}', expected a part and their number such as 3/16, or auto.");
}
