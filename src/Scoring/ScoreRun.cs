using LoraOnnx.Scoring.Input;
using LoraOnnx.Scoring.Models;
using LoraOnnx.Scoring.Output;
using LoraOnnx.Scoring.Shards;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring;

/// <summary>
/// The whole story: look the input over once, then chunk by chunk read, score, write and note what is done; at the end the file gets its name.
/// </summary>
internal sealed class ScoreRun(ScoreOptions options, IScorer scorer, InputFile input, InputSurvey survey)
{
    private readonly ScoredColumns _columns = new(survey.Columns, scorer.Task);

    /// <exception cref="InputException">Something that was given is wrong.</exception>
    public static async Task RunAsync(ScoreOptions options, CancellationToken cancellationToken)
    {
        ScoredFiles.Check(options);
        using var input = InputFile.Open(options, Console.OpenStandardInput);
        var survey = InputSurvey.Of(input, options.Texts, cancellationToken);
        using IScorer scorer = options.IsServer ? await ServerScorer.ConnectAsync(options, cancellationToken) : LocalScorer.Load(options);
        await new ScoreRun(options, scorer, input, survey).RunAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var output = ScoredFiles.Open(options, _columns, survey);
        var run = new ScoringRecord(survey.Hash, survey.Rows, Described(), scorer.Task.Labels, scorer.Identity);
        if (options.Shard is { } shard && !options.Restart && ShardRecord.Find(options.Target, cancellationToken) is { } finished
            && finished.Number == shard.Number && finished.Count == shard.Count && run.Difference(finished.Run) is null)
        {
            Console.Error.WriteLine($"note: {options.Target} is done already; --restart scores it again.");
            Summarize(finished.Chunks);
            return;
        }

        if (_columns.Renamed is { } renamed)
        {
            Console.Error.WriteLine($"note: columns of the input that are called like those of the scores are kept: {renamed}.");
        }

        var (first, end) = options.Shard?.RowsOf(survey.Rows, Chunk.Rows) ?? (0, survey.Rows);
        using var journal = Journal.Open(options.Target, run, options.Restart);
        try
        {
            await ScoreAsync(journal, output, first, end, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            var part = Journal.DataPath(options.Target);
            Console.Error.WriteLine($"{Done(journal)} of {end - first} rows are kept in {part}; the same command goes on from there.");
            throw;
        }
        catch (InputException) when (options.Strict)
        {
            journal.Discard();
            throw;
        }

        Complete(journal, output, run);
        Summarize(journal.Chunks);
    }

    private async Task ScoreAsync(Journal journal, IScoredFile output, long first, long end, CancellationToken cancellationToken)
    {
        using IRowSource rows = ScoredFiles.CopiesStored(input, options.Target)
            ? new StoredSource(input.Path, survey.TextColumn, ((ParquetOutput)output).Fields) // which such a target is
            : new CellRows(input.Path, options.Texts);
        var next = first + Done(journal);
        if (next > first)
        {
            Console.Error.WriteLine($"note: goes on behind {next - first} rows that are done.");
        }
        else
        {
            output.Begin(journal.Data);
        }

        rows.Skip(next);
        var display = new ScoringDisplay(Path.GetFileName(options.In), next - first, end - first);
        while (next < end)
        {
            var chunk = rows.Next(end - next, cancellationToken);
            if (chunk.Count == 0)
            {
                throw InputException.InFile(options.In, $"has {next} rows now; it had {survey.Rows} when the run began.");
            }

            if (options.Strict && chunk.Problems.Find(problem => problem is not null) is { } problem)
            {
                throw problem;
            }

            var before = next - first;
            var scored = (await scorer.ScoreAsync(chunk.Texts, share => display.Report(before + (share * chunk.Count)), cancellationToken))
                .Select((text, row) => chunk.Problems[row] is { } wrong ? new ScoredText(null, Reason(wrong)) : text).ToList();
            if (options.Strict && scored.FindIndex(text => text.Error is not null) is >= 0 and var refused)
            {
                throw InputException.InFile(options.In, $"row {next + refused + 1}: {scored[refused].Error}");
            }

            var group = output.Write(journal.Data, chunk, scored);
            journal.Finish(ScoreTotals.Of(scored, scorer.Task.Labels.Count), group);
            next += chunk.Count;
        }

        display.Clear();
    }

    private void Complete(Journal journal, IScoredFile output, ScoringRecord run)
    {
        output.End(journal.Data, [.. journal.Chunks.Select(chunk => chunk.Group).OfType<StoredGroup>()]);
        journal.Data.Flush();
        if (options.Shard is { } shard)
        {
            using var head = new MemoryStream();
            output.Begin(head);
            new ShardRecord(shard.Number, shard.Count, run, head.Length, journal.Data.Length, journal.Chunks).Save(options.Target);
        }

        journal.Complete();
    }

    private void Summarize(IReadOnlyList<FinishedChunk> chunks)
    {
        var labels = scorer.Task.Labels;
        var totals = chunks.Aggregate(ScoreTotals.None(labels.Count), (sum, chunk) => sum + chunk.Totals);
        Console.Out.WriteLine(totals.Text(options.Target, labels));
    }

    /// <summary>How the output is written, beyond its rows.</summary>
    private string Described() => string.Join('\n', (string[])[Path.GetExtension(options.Out), $"formulas {options.KeepFormulas}",
        $"text {options.Texts.TextColumn} encoding {options.Texts.Encoding}", .. _columns.Kept, .. _columns.Added.Select(column => column.Name),
        .. survey.Kinds.Select(kind => $"{kind}")]);

    private static long Done(Journal journal) => journal.Chunks.Sum(chunk => chunk.Totals.Rows);

    /// <summary>The message without the file's name, which may be another on another machine.</summary>
    private static string Reason(InputException problem)
    {
        var place = $"{VisibleText.Of(problem.Path, ErrorText.MostCharacters)}:{problem.Line}: ";
        var message = problem.Message;
        return message.StartsWith(place, StringComparison.Ordinal) ? $"line {problem.Line}: {message[place.Length..]}" : message;
    }
}
