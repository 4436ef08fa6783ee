using System.Text;
using System.Text.Json;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>A chunk that is done: where it ends in the file, what was counted, and what the file's end has to say of it.</summary>
internal sealed record FinishedChunk(long End, ScoreTotals Totals, StoredGroup? Group);

/// <summary>
/// An output in the making: the file itself as far as it goes, and beside it a line for each chunk that is whole on the disk. A process that is
/// killed leaves both; the next one cuts the file to the last such chunk and goes on.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly string _target;
    private readonly FileStream _data;
    private readonly FileStream _lines;

    private Journal(string target, FileStream data, FileStream lines) => (_target, _data, _lines) = (target, data, lines);

    /// <summary>Chunks that are done.</summary>
    public List<FinishedChunk> Chunks { get; } = [];

    /// <summary>What is written to; behind the last chunk.</summary>
    public Stream Data => _data;

    public static string DataPath(string target) => target + AtomicFile.TemporarySuffix;

    public static string LinesPath(string target) => $"{target}.journal{AtomicFile.TemporarySuffix}";

    /// <summary>Opens what a stopped run has left, or begins.</summary>
    /// <exception cref="InputException">Another process writes it, it belongs to another run, or it cannot be written.</exception>
    public static Journal Open(string target, ScoringRecord run, bool restart)
    {
        FileStream? lines = null, data = null;
        try
        {
            lines = new FileStream(LinesPath(target), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            data = new FileStream(DataPath(target), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1 << 20);
            var journal = new Journal(target, data, lines);
            journal.Resume(run, restart);
            return journal;
        }
        catch (Exception failure)
        {
            lines?.Dispose();
            data?.Dispose();
            throw failure switch
            {
                IOException busy when FileLocks.IsHeldByAnother(busy) => InputException.InFile(target, "another process is writing it."),
                IOException or UnauthorizedAccessException => InputException.Unwritable(target, failure),
                _ => failure,
            };
        }
    }

    /// <summary>A chunk has been written to <see cref="Data"/>: from here on it is kept.</summary>
    public void Finish(ScoreTotals totals, StoredGroup? group)
    {
        _data.Flush(flushToDisk: true);
        var chunk = new FinishedChunk(_data.Position, totals, group);
        Chunks.Add(chunk);
        Append(chunk);
    }

    /// <summary>The file is whole and gets its name.</summary>
    public void Complete()
    {
        _data.Flush(flushToDisk: true);
        _data.Dispose();
        File.Move(DataPath(_target), _target, overwrite: true);
        _lines.Dispose();
        File.Delete(LinesPath(_target));
    }

    /// <summary>Nothing of it is wanted.</summary>
    public void Discard()
    {
        Dispose();
        File.Delete(DataPath(_target));
        File.Delete(LinesPath(_target));
    }

    public void Dispose()
    {
        _data.Dispose();
        _lines.Dispose();
    }

    private void Resume(ScoringRecord run, bool restart)
    {
        var lines = restart ? [] : WholeLines();
        if (lines.Count > 0)
        {
            var before = JsonSerializer.Deserialize<ScoringRecord>(lines[0]);
            if ((before is null ? "another version of this program" : run.Difference(before)) is { } difference)
            {
                throw InputException.InFile(DataPath(_target), $"was left by a run with {difference}.",
                    "give the options of that run, or begin anew with --restart.");
            }

            foreach (var line in lines.Skip(1))
            {
                var chunk = JsonSerializer.Deserialize<FinishedChunk>(line)!; // a whole line of ours
                if (chunk.End > _data.Length)
                {
                    break;
                }

                Chunks.Add(chunk);
            }
        }

        _data.SetLength(Chunks.Count == 0 ? 0 : Chunks[^1].End);
        _data.Position = _data.Length;
        _lines.SetLength(0);
        Append(run);
        Chunks.ForEach(Append);
    }

    /// <summary>Lines up to the last one that was written to its end.</summary>
    private List<string> WholeLines()
    {
        var bytes = new byte[_lines.Length];
        _lines.Position = 0;
        _lines.ReadExactly(bytes);
        var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        return [.. Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private void Append<T>(T line)
    {
        _lines.Write([.. JsonSerializer.SerializeToUtf8Bytes(line), (byte)'\n']);
        _lines.Flush(flushToDisk: true);
    }
}
