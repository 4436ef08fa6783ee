using LoraOnnx.Scoring.Input;
using LoraOnnx.Scoring.Models;
using LoraOnnx.Scoring.Output;
using LoraOnnx.Scoring.Shards;
using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring;

/// <summary>
/// The whole story: look the input over once, then chunk by chunk read, score, write and note what is done; at the end the file gets its name.
/// </summary>
internal sealed class ScoreRun(ScoreOptions options, IScorer scorer, NamedClasses classes, KnownLabels? known, InputFile input, InputSurvey survey)
{
    private readonly ScoredColumns _columns = new(survey.Columns, classes.Task);

    /// <summary>Scores, and gives the line that stands at the end.</summary>
    /// <exception cref="InputException">Something that was given is wrong.</exception>
    public static async Task<string> RunAsync(ScoreOptions options, CancellationToken cancellationToken)
    {
        ScoredFiles.Check(options);
        InputFile.Check(options.In);
        using IScorer scorer = options.IsServer ? await ServerScorer.ConnectAsync(options, cancellationToken) : LocalScorer.Load(options);
        var classes = ClassesOf(scorer, options);
        using var input = InputFile.Open(options, Console.OpenStandardInput); // a wrong model shows before gigabytes are read
        var survey = InputSurvey.Of(input, options.Texts, cancellationToken);
        using var known = KnownLabels.Open(input, survey, classes, options.Texts);
        return await new ScoreRun(options, scorer, classes, known, input, survey).RunAsync(cancellationToken);
    }

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var output = ScoredFiles.Open(options, input, _columns, survey);
        var run = new ScoringRecord(survey.Hash, survey.Rows, Described(), classes.Task.Labels, scorer.Identity);
        options.Shard?.RefuseOtherCounts(options.Out);
        if (options.Shard is { } shard && !options.Restart && ShardRecord.Find(options.Target, cancellationToken) is { } finished
            && finished.Number == shard.Number && finished.Count == shard.Count && run.Difference(finished.Run) is null
            && ForeignFile.LengthOf(options.Target) == finished.Bytes)
        {
            VisibleLines.Tell($"note: {options.Target} is done already; --restart scores it again.");
            return Summary(finished.Chunks);
        }

        if (_columns.Renamed is { } renamed)
        {
            VisibleLines.Tell($"note: columns of the input that are called like those of the scores are kept: {renamed}.");
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
            VisibleLines.Tell($"{Done(journal)} of {end - first} rows are kept in {part}; the same command goes on from there.");
            throw;
        }
        catch (InputException) when (options.Strict)
        {
            journal.Discard();
            throw;
        }

        Complete(journal, output, run);
        return Summary(journal.Chunks);
    }

    private async Task ScoreAsync(Journal journal, IScoredFile output, long first, long end, CancellationToken cancellationToken)
    {
        using IRowSource rows = ScoredFiles.CopiesStored(input, options.Target)
            ? new StoredSource(input, survey.TextColumn, ((ParquetOutput)output).Fields) // which such a target is
            : new CellRows(input, options.Texts);
        var next = first + Done(journal);
        if (next > first)
        {
            VisibleLines.Tell($"note: goes on behind {next - first} rows that are done.");
        }
        else
        {
            output.Begin(journal.Data);
        }

        rows.Skip(next);
        known?.Skip(next);
        var display = new ScoringDisplay(Path.GetFileName(input.Name), next - first, end - first, TimeProvider.System, Console.Error,
            isLive: !Console.IsErrorRedirected);
        while (next < end)
        {
            var chunk = rows.Next(end - next, cancellationToken);
            if (chunk.Count == 0)
            {
                throw InputException.InFile(input.Name, $"has {next} rows now; it had {survey.Rows} when the run began.");
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
                throw InputException.InFile(input.Name, $"row {next + refused + 1}: {scored[refused].Error}");
            }

            var group = output.Write(journal.Data, chunk, scored);
            var totals = ScoreTotals.Of(scored, classes.Task.Labels.Count);
            journal.Finish(known is null ? totals : totals.Against(known.Next(chunk.Count), scored, classes.Task.IsMultiLabel), group);
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
            File.Delete(options.Target); // the record is never beside another file than its own
            new ShardRecord(shard.Number, shard.Count, run, head.Length, journal.Data.Length, journal.Chunks).Save(options.Target);
        }

        journal.Complete();
    }

    /// <summary>The model's classes, by the user's names where there are some.</summary>
    private static NamedClasses ClassesOf(IScorer scorer, ScoreOptions options)
    {
        var (model, classes) = (scorer.Task.Labels, NamedClasses.Of(scorer.Task, options.Texts));
        string[] named = [.. model.Zip(classes.Task.Labels).Where(pair => pair.First != pair.Second)
            .Select(pair => $"{pair.First} as {pair.Second}")];
        if (named.Length > 0)
        {
            VisibleLines.Tell($"note: classes are named: {VisibleText.Of(string.Join(", ", named), ErrorText.MostCharacters)}.");
        }

        return classes;
    }

    private string Summary(IReadOnlyList<FinishedChunk> chunks)
    {
        var labels = classes.Task.Labels;
        var totals = chunks.Aggregate(ScoreTotals.None(labels.Count), (sum, chunk) => sum + chunk.Totals);
        return totals.Text(options.Target, labels);
    }

    /// <summary>How the output is written, beyond its rows.</summary>
    private string Described() => string.Join('\n', (string[])[Path.GetExtension(options.Out),
        $"formulas {options.KeepFormulas} mark {options.ByteOrderMark}", $"text {options.Texts.TextColumn} encoding {options.Texts.Encoding}",
        .. _columns.Kept, .. _columns.Added.Select(column => column.Name),
        .. survey.Kinds.Select(kind => $"{kind}"), .. Said(options.Texts)]);

    /// <summary>How the input's own labels are read, which decides what is counted.</summary>
    private static IEnumerable<string> Said(TextOptions texts) => ((string?[])
        [texts.LabelColumn, string.Join(',', texts.LabelColumns), texts.LabelMap, string.Join(',', texts.Labels)])
        .OfType<string>().Where(said => said.Length > 0);

    private static long Done(Journal journal) => journal.Chunks.Sum(chunk => chunk.Totals.Rows);

    /// <summary>The message without the file's name, which may be another on another machine.</summary>
    private static string Reason(InputException problem)
    {
        var place = $"{VisibleText.Of(problem.Path, ErrorText.MostCharacters)}:{problem.Line}: ";
        var message = problem.Message;
        return message.StartsWith(place, StringComparison.Ordinal) ? $"line {problem.Line}: {message[place.Length..]}" : message;
    }
}
