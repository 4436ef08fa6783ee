using LoraOnnx.Scoring.Output;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Shards;

/// <summary>Makes one file of all shards, byte for byte the one that a single process would have written.</summary>
internal static class ShardJoin
{
    /// <summary>Joins, and gives the line that stands at the end.</summary>
    /// <exception cref="InputException">A part is missing or damaged, or parts do not belong together.</exception>
    public static string Run(string target, CancellationToken cancellationToken)
    {
        ScoredFiles.CheckName(target);
        var parts = Find(target, cancellationToken);
        Check(parts);
        AtomicFile.Write(target, stream =>
        {
            foreach (var (place, (path, record)) in parts.Index())
            {
                Copy(path, place == 0 ? 0 : record.HeadBytes, record.Chunks.Count == 0 ? record.HeadBytes : record.Chunks[^1].End, stream,
                    cancellationToken);
            }

            if (ScoredFiles.IsParquet(target))
            {
                using var first = StoredRows.Open(parts[0].Path);
                StoredGroup[] groups = [.. parts.SelectMany(part => part.Record.Chunks).Select(chunk => chunk.Group!)]; // Parquet's chunks have one
                StoredTable.End(stream, first.Fields, groups);
            }
        });
        var labels = parts[0].Record.Run.Labels;
        var totals = parts.SelectMany(part => part.Record.Chunks).Aggregate(ScoreTotals.None(labels.Count), (sum, chunk) => sum + chunk.Totals);
        return totals.Text(target, labels);
    }

    /// <summary>The parts whose names are made from the target's.</summary>
    private static List<(string Path, ShardRecord Record)> Find(string target, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(target))!; // a file has one
        var (stem, extension) = (Path.GetFileNameWithoutExtension(target), Path.GetExtension(target));
        var found = Directory.EnumerateFiles(folder, $"{stem}-*-of-*{extension}").Order(StringComparer.Ordinal)
            .Select(path => (Path: path, Record: ShardRecord.Find(path, cancellationToken)))
            .Where(part => part.Record is { } record
                && Path.GetFileName(new Shard(record.Number, record.Count).NameOf(target)) == Path.GetFileName(part.Path))
            .Select(part => (part.Path, part.Record!)).ToList();
        if (found.Count == 0)
        {
            throw InputException.InFile(target, $"there are no finished shards {stem}-1-of-N{extension} beside it.",
                "score them first: --shard 1/N with the same --out, and so on.");
        }

        int[] counts = [.. found.Select(part => part.Item2.Count).Distinct()];
        if (counts.Length > 1)
        {
            throw InputException.InFile(target, $"there are shards of {string.Join(" and of ", counts)} parts beside it.",
                "remove those that do not belong.");
        }

        int[] missing = [.. Enumerable.Range(1, counts[0]).Except(found.Select(part => part.Item2.Number))];
        var listed = $"{string.Join(", ", missing.Take(12))}{(missing.Length > 12 ? ", ..." : "")}";
        return missing.Length == 0 ? [.. found.OrderBy(part => part.Item2.Number)] : throw InputException.InFile(target,
            $"{missing.Length} of {counts[0]} shards are missing or not finished: {listed}.",
            $"score each again with --shard {missing[0]}/{counts[0]}; a stopped one goes on where it was.");
    }

    private static void Check(List<(string Path, ShardRecord Record)> parts)
    {
        var first = parts[0];
        foreach (var (path, record) in parts)
        {
            if (first.Record.Run.Difference(record.Run) is { } difference)
            {
                throw InputException.InFile(path, $"was made with {difference}, as {first.Path} shows.",
                    "score this shard again as the others were.");
            }

            if (ForeignFile.LengthOf(path) != record.Bytes)
            {
                throw InputException.InFile(path, $"has {ForeignFile.LengthOf(path)} bytes, its record says {record.Bytes}.",
                    "score this shard again.");
            }
        }

        var rows = parts.Sum(part => part.Record.Chunks.Sum(chunk => chunk.Totals.Rows));
        if (rows != first.Record.Run.Rows)
        {
            throw InputException.InFile(first.Path, $"the shards have {rows} rows, the input has {first.Record.Run.Rows}.", "score them again.");
        }
    }

    private static void Copy(string path, long from, long to, Stream target, CancellationToken cancellationToken)
    {
        using var stream = ForeignFile.Open(path);
        stream.Position = from;
        var buffer = new byte[1 << 20];
        for (var left = to - from; left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                throw InputException.InFile(path, "ends too early.", "score this shard again.");
            }

            target.Write(buffer, 0, read);
            left -= read;
        }
    }
}
