using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Loop;

/// <summary>
/// The kept weights in fp32, adapters beside the base and not merged: the figures that lora-compare finds for the merged file, and the logits of the
/// reference texts, which lora-merge compares its file with.
/// </summary>
internal sealed class FinalFigures : IDisposable
{
    private readonly TrainingEngine _engine;
    private readonly BaseModel _base;
    private readonly Truncation _truncation;
    private readonly RunProgressPoint _point;

    public FinalFigures(BaseModel @base, TrainedWeights weights, TrainingOptions options, Machine machine, RunProgressPoint point)
    {
        _base = @base;
        _truncation = options.Truncation;
        _point = point;
        var engineOptions = EngineSettings.Create(options, machine, Precision.Fp32) with
        {
            Adapter = weights.Adapter is null ? null : AdapterOptions.Plan(options, @base.Config),
            TrainHead = weights.Head is not null,
        };
        _engine = TrainingEngine.Create(weights.Head is null ? @base.Weights : @base.Weights.With(weights.Head), engineOptions, weights.Adapter);
    }

    public Evaluation Of(TextSet texts, CancellationToken cancellationToken) =>
        Evaluation.Of(Encoding.Run(texts, _engine.Logits, cancellationToken), texts, _base.Config, _point.Step, _point.Epoch);

    /// <summary>Writes reference-logits.json.</summary>
    public void WriteReferenceLogits(string runDirectory, int maxLength, CancellationToken cancellationToken)
    {
        var texts = ReferenceTexts.All;
        EncodedText[] encoded = [.. texts.Select(text => _base.Tokenizer.Encode(text, maxLength, _truncation))];
        ReferenceLogits.Write(runDirectory, texts, Encoding.Run(encoded, _engine.Logits, cancellationToken));
    }

    public void Dispose() => _engine.Dispose();
}

/// <summary>The evaluation whose weights were kept.</summary>
internal readonly record struct RunProgressPoint(int Step, double Epoch);
