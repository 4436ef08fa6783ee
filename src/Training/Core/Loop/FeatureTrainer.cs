using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>Trains the head on features of a frozen encoder, computed beforehand.</summary>
internal sealed class FeatureTrainer : ITrainer
{
    private readonly ILearner<FeatureBatch> _learner;
    private readonly TextSet _train;
    private readonly float[][] _trainFeatures;
    private readonly float[][]? _validationFeatures;
    private readonly LoraAdapter? _frozen;

    /// <summary>Takes the learner over. <paramref name="frozen"/>: the adapters in the encoder that made the features, or null.</summary>
    public FeatureTrainer(ILearner<FeatureBatch> learner, TextSet train, float[][] trainFeatures, float[][]? validationFeatures, LoraAdapter? frozen)
    {
        _learner = learner;
        _train = train;
        _trainFeatures = trainFeatures;
        _validationFeatures = validationFeatures;
        _frozen = frozen;
    }

    public long TrainedParameters => _learner.TrainedParameters + (_frozen?.ParameterCount ?? 0);

    public bool HasChanged => _learner.HasChanged;

    public StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates)
    {
        var result = _learner.Step([.. parts.Select(Batch)], rates);
        var tokens = parts.Sum(part => part.Sum(text => _train.Encoded[text].Ids.Length));
        return new StepResult(result.Texts, () => (result.Loss, result.GradientNorm)) { Tokens = tokens };
    }

    public float[][] Logits(TextSet texts, CancellationToken cancellationToken) => _learner.Logits(new FeatureBatch(
        _validationFeatures ?? throw new System.Diagnostics.UnreachableException("An evaluation without validation texts. This is a bug."), null));

    public TrainedWeights Export()
    {
        var head = _learner.Export().Head!; // a head's learner exports a head
        return new(_frozen is null ? null : new LoraAdapter(_frozen.Modules, head), head);
    }

    public LearnerState Save() => _learner.Save();

    public void Restore(LearnerState state) => _learner.Restore(state);

    public void Dispose() => _learner.Dispose();

    private FeatureBatch Batch(int[] texts) => new([.. texts.Select(text => _trainFeatures[text])], [.. texts.Select(text => _train.Labels[text])]);
}
