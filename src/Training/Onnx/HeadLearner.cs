using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Onnx;

/// <summary>The head alone, on features made once by a frozen encoder, with the same loss, dropout and optimizer as beside adapters.</summary>
internal sealed class HeadLearner : ILearner<FeatureBatch>
{
    private static readonly string[] _logits = [TrainingInputs.Logits];

    private readonly ModelWeights _weights;
    private readonly LearnerOptions _options;
    private readonly FlatParameters _parameters;
    private readonly GradientSession _steps;
    private readonly LentSession _answers;
    private readonly LabelTargets _labels;

    /// <summary>Starts from the head in <paramref name="weights"/>.</summary>
    public HeadLearner(ModelWeights weights, LearnerOptions options, Machine machine)
    {
        (_weights, _options) = (weights, options);
        _parameters = new FlatParameters([.. LearnedTensors.Head(weights)]);
        var loss = new TrainingLoss(options.LabelSmoothing, options.ClassWeights);
        _steps = new GradientSession(TrainingModel.OfHeadStep(weights, loss, TrainedDropout.Of(weights.Config, options)), _parameters, options,
            loraPlusRatio: 1, machine);
        _answers = new LentSession(TrainingModel.OfHeadAnswers(weights), machine);
        _labels = new LabelTargets(weights.Config.Task.Labels.Count);
    }

    /// <inheritdoc/>
    public long TrainedParameters => _parameters.Layout.Count;

    /// <inheritdoc/>
    public bool HasChanged => _parameters.HaveChanged();

    /// <inheritdoc/>
    public StepResult Step(IReadOnlyList<FeatureBatch> parts, LearningRates rates)
    {
        // Features have no length: the parts of a step need not be computed apart.
        float[][] features = [.. parts.SelectMany(part => part.Features)];
        IReadOnlyList<int>[] labels =
            [.. parts.SelectMany(part => part.Labels ?? throw new ArgumentException("A batch to train on needs labels.", nameof(parts)))];
        var weight = LossWeight.Of(labels, _weights.Config, _options);
        var result = _steps.Step([new FeaturePart(features, _labels.Values(labels, weight))], rates);
        return new StepResult(features.Length, () => result);
    }

    /// <inheritdoc/>
    public float[][] Logits(FeatureBatch batch)
    {
        using var part = new FeaturePart(batch.Features, []);
        using var outputs = _answers.Run([.. part.Values, .. _parameters.Inputs], _logits);
        return [.. outputs[0].GetTensorDataAsSpan<float>().ToArray().Chunk(_weights.Config.Task.Labels.Count)];
    }

    /// <inheritdoc/>
    public TrainedWeights Export() => new(null, [.. _weights.Config.Layout.Head.Keys.Select(_parameters.Read)]);

    /// <inheritdoc/>
    public LearnerState Save() => _parameters.Save(_steps.StepCount);

    /// <inheritdoc/>
    public void Restore(LearnerState state)
    {
        _parameters.Restore(state);
        _steps.StepCount = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps.Dispose();
        _answers.Dispose();
        _parameters.Dispose();
    }
}
