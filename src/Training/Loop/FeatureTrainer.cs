using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Loop;

/// <summary>Trains the head on features of a frozen encoder, computed beforehand.</summary>
internal sealed class FeatureTrainer : ITrainer
{
    private readonly HeadTrainer _head;
    private readonly TextSet _train;
    private readonly float[][] _trainFeatures;
    private readonly float[][]? _validationFeatures;
    private readonly LoraAdapter? _frozen;

    /// <summary>Takes the trainer over. <paramref name="frozen"/>: the adapters in the encoder that made the features, or null.</summary>
    public FeatureTrainer(HeadTrainer head, TextSet train, float[][] trainFeatures, float[][]? validationFeatures, LoraAdapter? frozen)
    {
        _head = head;
        _train = train;
        _trainFeatures = trainFeatures;
        _validationFeatures = validationFeatures;
        _frozen = frozen;
    }

    public long TrainedParameters => _head.TrainedParameters + (_frozen?.ParameterCount ?? 0);

    public StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates)
    {
        // Features have no length: the parts of a step need not be computed apart.
        var texts = parts.SelectMany(part => part).ToArray();
        var result = _head.Step([.. texts.Select(text => _trainFeatures[text])], [.. texts.Select(text => _train.Labels[text])], rates.Head);
        return new StepResult(result.Texts, texts.Sum(text => _train.Encoded[text].Ids.Length), () => (result.Loss, result.GradientNorm));
    }

    public float[][] Logits(TextSet texts, CancellationToken cancellationToken) =>
        _head.Logits(_validationFeatures ?? throw new System.Diagnostics.UnreachableException("An evaluation without validation texts. This is a bug."));

    public TrainedWeights Export()
    {
        var head = _head.ExportHead();
        return new(_frozen is null ? null : new LoraAdapter(_frozen.Modules, head), head);
    }

    public EngineState SaveState() => _head.SaveState();

    public void RestoreState(EngineState state) => _head.RestoreState(state);

    public void Dispose() => _head.Dispose();
}
