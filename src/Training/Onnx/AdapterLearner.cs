using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Onnx;

/// <summary>Adapters, and with <see cref="LearnerOptions.TrainHead"/> the head, that learn through the whole encoder.</summary>
internal sealed class AdapterLearner : ILearner<PackedBatch>
{
    private readonly ModelWeights _weights;
    private readonly AdapterPlan _plan;
    private readonly LearnerOptions _options;
    private readonly FlatParameters _parameters;
    private readonly GradientSession _steps;
    private readonly Lazy<TextAnswers> _answers;
    private readonly LabelTargets _labels;

    /// <summary>Makes the graphs, of new adapters.</summary>
    /// <exception cref="InputException">An adapter on a head that is trained in full.</exception>
    public AdapterLearner(ModelWeights weights, AdapterPlan plan, LearnerOptions options, Machine machine)
    {
        (_weights, _plan, _options) = (weights, plan, options);
        _parameters = new FlatParameters(LearnedTensors.Of(weights, plan, options));
        var adapters = LearnedTensors.Export(weights, plan, options, _parameters.Read).Adapter!.Modules; // a learner of adapters exports some
        var loss = new TrainingLoss(options.LabelSmoothing, options.ClassWeights);
        var dropout = TrainedDropout.Of(weights.Config, options) with { Adapters = plan.Dropout };
        _steps = new GradientSession(TrainingModel.OfStep(weights, adapters, options.TrainHead, loss, dropout), _parameters, options,
            plan.LoraPlusRatio, machine);
        _answers = new Lazy<TextAnswers>(() => new TextAnswers(
            TrainingModel.OfAnswers(weights, adapters, options.TrainHead), weights.Config.Layout.Embeddings, machine, _parameters.Inputs));
        _labels = new LabelTargets(weights.Config.Task.Labels.Count);
    }

    /// <inheritdoc/>
    public long TrainedParameters => _parameters.Layout.Count;

    /// <inheritdoc/>
    public bool HasChanged => _parameters.HaveChanged();

    /// <inheritdoc/>
    public StepResult Step(IReadOnlyList<PackedBatch> parts, LearningRates rates)
    {
        var labels = parts.SelectMany(part => part.Labels ?? throw new ArgumentException("A batch to train on needs labels.", nameof(parts)));
        var weight = LossWeight.Of(labels, _weights.Config, _options);
        var result = _steps.Step(parts.Select(part => new TextPart(part, _weights.Config.Layout.Embeddings, _labels, weight)), rates);
        return new StepResult(parts.Sum(part => part.TextCount), () => result) { Tokens = parts.Sum(part => part.TokenCount) };
    }

    /// <inheritdoc/>
    public float[][] Logits(PackedBatch batch) => _answers.Value.Run(batch, TrainingInputs.Logits);

    /// <inheritdoc/>
    public TrainedWeights Export() => LearnedTensors.Export(_weights, _plan, _options, _parameters.Read);

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
        if (_answers.IsValueCreated)
        {
            _answers.Value.Dispose();
        }

        _parameters.Dispose();
    }
}
