using System.Text.Json;
using LoraOnnx.Evaluation.Explanations;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Tests.Support;

/// <summary>A model that says again what lora-compare --predictions wrote of it, text by text.</summary>
internal sealed class RecordedModel(string name, ModelCard card, Queue<TextScore> scores) : IScoredModel
{
    public string Name => name;

    public ModelCard Card => card;

    public ClassificationTask Task { get; } = new(["NEGATIVE", "POSITIVE"], ProblemType.SingleLabel);

    public Calibration Calibration => Calibration.None;

    /// <summary>The model of that name in a predictions file.</summary>
    public static RecordedModel Read(string predictions, string name, ModelCard card) => new(name, card, new Queue<TextScore>(
        File.ReadLines(predictions).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("model").GetString() == name)
            .Select(line => new TextScore(
            [.. line.GetProperty("logits").EnumerateArray().Select(logit => logit.GetSingle())], line.GetProperty("tokens").GetInt32(),
            line.GetProperty("truncated").GetBoolean()))));

    public void Prepare(TextWindow window)
    {
    }

    public Task<IReadOnlyList<TextScore>> ScoreAsync(TextWindow window, CancellationToken cancellationToken) =>
        System.Threading.Tasks.Task.FromResult<IReadOnlyList<TextScore>>([.. window.Texts.Select(_ => scores.Dequeue())]);

    public Task<ExplainedAnswer> ExplainAsync(LabelledText text, int label, long mostTokens, CancellationToken cancellationToken) =>
        throw new InputException("recorded answers have no gradient.");

    public void Dispose()
    {
    }
}
