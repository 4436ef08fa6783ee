using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Loop;

/// <summary>
/// The kept weights in fp32, adapters beside the base and not merged: the figures that lora-compare finds for the merged file, and the logits of the
/// reference texts, which lora-merge compares its file with. A head alone is measured on the base's features, which are there already.
/// </summary>
internal sealed class FinalFigures : IDisposable
{
    private readonly IDisposable _model;
    private readonly Func<TextSet, CancellationToken, float[][]> _logits;
    private readonly BaseModel _base;
    private readonly Truncation _truncation;
    private readonly RunProgressPoint _point;

    /// <summary>Keeps none of the arguments but <paramref name="rawEncoder"/>, which stays the caller's.</summary>
    public FinalFigures(BaseModel @base, TrainedWeights weights, TrainingOptions options, Machine machine, FrozenEncoder rawEncoder, RunProgressPoint point)
    {
        _base = @base;
        _truncation = options.Truncate;
        _point = point;
        var settings = EngineSettings.Create(options, machine, Precision.Fp32) with { TrainHead = weights.Head is not null };
        var start = weights.Head is null ? @base.Weights : @base.Weights.With(weights.Head);
        if (weights.Adapter is null)
        {
            var head = HeadTrainer.Create(start, settings);
            (_model, _logits) = (head, (texts, cancellationToken) => head.Logits(rawEncoder.Features(texts, cancellationToken)));
        }
        else
        {
            var engine = TrainingEngine.Create(start, settings with { Adapter = AdapterOptions.Plan(options, @base.Config) }, weights.Adapter);
            (_model, _logits) = (engine, (texts, cancellationToken) => Encoding.Run(texts, engine.Logits, cancellationToken));
        }
    }

    public Evaluation Of(TextSet texts, CancellationToken cancellationToken) =>
        Evaluation.Of(_logits(texts, cancellationToken), texts, _base.Config, _point.Step, _point.Epoch);

    /// <summary>Writes reference-logits.json.</summary>
    public void WriteReferenceLogits(string runDirectory, int maxLength, CancellationToken cancellationToken)
    {
        var texts = ReferenceTexts.All;
        var set = TextSet.Encode("reference", "built in", [.. texts.Select(text => new LabelledText { Text = text, Labels = [] })],
            text => _base.Tokenizer.Encode(text, maxLength, _truncation), cancellationToken);
        ReferenceLogits.Write(runDirectory, texts, _logits(set, cancellationToken));
    }

    public void Dispose() => _model.Dispose();
}

/// <summary>The evaluation whose weights were kept.</summary>
internal readonly record struct RunProgressPoint(int Step, double Epoch);
