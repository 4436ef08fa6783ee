using System.Diagnostics;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>How far a pass is: texts done of all, and the share of the work of all models, 0 to 1.</summary>
internal readonly record struct ScoringStep(string Data, int Texts, int AllTexts, double Share, TimeSpan Elapsed)
{
    /// <summary>What is counted.</summary>
    public string Counted { get; init; } = "texts by all models";
}

/// <summary>Lets every model score every text of a file, a window of texts at a time, in constant memory but for a few numbers a text.</summary>
internal sealed class ScoringPass
{
    /// <summary>Enough to sort by length with profit; a window of long texts is still under a megabyte.</summary>
    private const int TextsPerWindow = 256;

    private readonly IReadOnlyList<IScoredModel> _models;
    private readonly IReadOnlyList<string> _columns;
    private readonly int _threads;

    public ScoringPass(IReadOnlyList<IScoredModel> models, IReadOnlyList<string> columns, int threads)
    {
        _models = models;
        _columns = columns;
        _threads = threads;
    }

    public async Task<TestScores> RunAsync(TestTexts texts, IProgress<ScoringStep> progress, CancellationToken cancellationToken)
    {
        var scores = new TestScores
        {
            Columns = _columns.ToDictionary(column => column, _ => new List<string>(), StringComparer.Ordinal),
            Models = [.. _models.Select(_ => new ModelScores())],
        };
        var clock = Stopwatch.StartNew();
        var characters = 0L;
        foreach (var (place, chunk) in texts.Read().Chunk(TextsPerWindow).Index())
        {
            var window = new TextWindow(chunk, _threads);
            var inWindow = chunk.Sum(text => (long)text.Text.Length);
            for (var turn = 0; turn < _models.Count; turn++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var model = (place + turn) % _models.Count; // no model has the same neighbours in every window: speeds are compared
                await ScoreAsync(window, _models[model], scores.Models[model], cancellationToken);
                var work = ((double)characters * _models.Count) + ((double)inWindow * (turn + 1));
                var done = scores.Count + (turn == _models.Count - 1 ? chunk.Length : 0);
                progress.Report(
                    new ScoringStep(texts.Path, done, texts.Count, work / Math.Max(1.0, (double)texts.Characters * _models.Count), clock.Elapsed));
            }

            characters += inWindow;
            Keep(chunk, scores);
        }

        return scores;
    }

    private static async Task ScoreAsync(TextWindow window, IScoredModel model, ModelScores scores, CancellationToken cancellationToken)
    {
        model.Prepare(window);
        var clock = Stopwatch.StartNew();
        var answers = await model.ScoreAsync(window, cancellationToken);
        var elapsed = clock.Elapsed;
        scores.Elapsed += elapsed;
        scores.Windows.Add(elapsed);
        foreach (var (logits, tokens, truncated) in answers)
        {
            scores.Logits.Add(logits);
            scores.Tokens.Add(tokens);
            scores.Truncated.Add(truncated);
        }
    }

    private static void Keep(LabelledText[] chunk, TestScores scores)
    {
        foreach (var text in chunk)
        {
            scores.Labels.Add(text.Labels);
            foreach (var (column, values) in scores.Columns)
            {
                values.Add(string.Intern(text.Columns.GetValueOrDefault(column, "")));
            }
        }
    }
}
