using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Texts;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Loop;

/// <summary>
/// Weights in fp32, adapters beside the base and not merged: the figures that lora-compare finds for the merged file, and the logits of the
/// reference texts, which lora-merge compares its file with. A head alone is measured on the base's features, which are there already.
/// </summary>
internal sealed class FinalFigures : IDisposable
{
    private readonly IDisposable _model;
    private readonly Func<TextSet, CancellationToken, float[][]> _logits;
    private readonly TrainingJob _job;

    /// <summary>Those of <paramref name="weights"/>; with none, of the base. <paramref name="baseFeatures"/> stays the caller's.</summary>
    public FinalFigures(TrainingJob job, TrainedWeights weights, CachedFeatures baseFeatures)
    {
        _job = job;
        var start = weights.Head is null ? job.Base.Weights : job.Base.Weights.With(weights.Head);
        if (weights.Adapter is null)
        {
            var head = job.Engine.Head(start, LearnerSettings.Of(job.Options));
            (_model, _logits) = (head, (texts, cancellationToken) => head.Logits(new FeatureBatch(baseFeatures.Of(texts, cancellationToken), null)));
        }
        else
        {
            var encoder = job.Engine.Encoder(start, weights.Adapter, BasePrecision.Fp32);
            (_model, _logits) = (encoder, (texts, cancellationToken) => LengthSortedPass.Run(texts, encoder.Logits, cancellationToken,
                new PassProgress(job.Display, $"measuring the kept weights: {texts.Count} {texts.Role} texts", texts.Tokens).Done));
        }
    }

    /// <summary>Scores a set; <paramref name="point"/> is where in training the weights are from.</summary>
    public Evaluation Of(TextSet texts, RunProgressPoint point, CancellationToken cancellationToken) =>
        Of(texts, Logits(texts, cancellationToken), point, Calibration.None);

    /// <summary>The same from logits that are there already, with scores and answers as a calibration makes them.</summary>
    public Evaluation Of(TextSet texts, IReadOnlyList<float[]> logits, RunProgressPoint point, Calibration calibration) =>
        Evaluation.Of(logits, texts, _job.Base.Config.Task, point, calibration);

    /// <summary>The logits of a set.</summary>
    public IReadOnlyList<float[]> Logits(TextSet texts, CancellationToken cancellationToken) => _logits(texts, cancellationToken);

    /// <summary>Writes reference-logits.json.</summary>
    public void WriteReferenceLogits(string runDirectory, CancellationToken cancellationToken)
    {
        var texts = ReferenceTexts.All;
        var set = TextSet.Encode("reference", "built in", [.. texts.Select(text => new LabelledText { Text = text, Labels = [] })],
            text => _job.Base.Tokenizer.Encode(text, _job.Options.MaxLength, _job.Options.Truncate), cancellationToken);
        ReferenceLogits.Write(runDirectory, texts, _logits(set, cancellationToken));
    }

    public void Dispose() => _model.Dispose();
}

/// <summary>A point of training: that of the evaluation whose weights were kept, or its start.</summary>
internal readonly record struct RunProgressPoint(int Step, double Epoch);
