using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Adapters, and with <see cref="LearnerOptions.TrainHead"/> the head, that learn through the whole encoder.</summary>
internal sealed class AdapterLearner : ILearner<PackedBatch>
{
    private readonly LearnerOptions _options;
    private readonly AdapterPlan _plan;
    private readonly ModelWeights _weights;
    private readonly TorchDevice _device;
    private readonly EncoderBody _body;
    private readonly TrainedParameters _parameters;
    private readonly IOptimizer _optimizer;
    private readonly TailSteps _steps;
    private readonly Dictionary<string, Tensor> _frozenTail;
    private readonly List<string> _trainedInTail;

    /// <summary>Builds the network on the device, with new adapters.</summary>
    /// <exception cref="InputException">An adapter on a head that is trained in full.</exception>
    public AdapterLearner(ModelWeights weights, AdapterPlan plan, LearnerOptions options, TorchDevice device)
    {
        _options = options;
        _plan = plan;
        _weights = weights;
        _device = device;
        var specs = LearnedTensors.Of(weights, plan, options);
        _steps = new TailSteps(weights.Config.Layout);
        _trainedInTail = [.. specs.Select(spec => spec.Initial.Name).Where(_steps.Holds)];
        _parameters = new TrainedParameters(specs, device.Device);
        var body = new BodyOptions(options.Precision, options.BodyDropout, options.AttentionDropout, plan.Dropout);
        _body = new EncoderBody(weights, module => AdapterTensors.Of(_parameters, weights.Config.Layout.Linear(module), plan), body, device);
        _frozenTail = _steps.Keys.Except(_trainedInTail)
            .ToDictionary(key => key, key => EncoderBody.ToTensor(weights[key]).to(device.Device).DetachFromDisposeScope(), StringComparer.Ordinal);
        _optimizer = device.Optimizer(_parameters, options.Optimizer, plan.LoraPlusRatio);
    }

    /// <inheritdoc/>
    public long TrainedParameters => _parameters.Count;

    /// <inheritdoc/>
    public bool HasChanged => _parameters.HaveChanged();

    /// <inheritdoc/>
    public StepResult Step(IReadOnlyList<PackedBatch> parts, LearningRates rates)
    {
        using var scope = NewDisposeScope();
        _device.BeginPass(_options.Precision);
        _parameters.Gradients.zero_();
        var texts = parts.Sum(batch => batch.TextCount);
        var weight = LossWeight.Of(parts.SelectMany(part => part.Labels ?? []), _weights.Config, _options);
        using var share = (1.0 / weight).ToScalar();
        var loss = zeros(1, device: _device.Device);
        for (var part = 0; part < parts.Count; part++)
        {
            loss.add_(Accumulate(parts[part], share, new Dropout(_options.Seed, _optimizer.StepCount, part)), Scalars.One);
        }

        var norm = _optimizer.Step(rates.Adapter, rates.Head);
        _body.Refresh();
        return LossAndNorm.Result(texts, parts.Sum(batch => batch.TokenCount), loss, norm);
    }

    /// <inheritdoc/>
    public float[][] Logits(PackedBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _device.BeginPass(_options.Precision);
        var packed = _device.Upload(batch, _weights.Config.Layout.Embeddings);
        var head = new HeadTensors(name => _parameters.Contains(name) ? _parameters.ValueOf(name) : _frozenTail[name],
            module => AdapterTensors.Of(_parameters, _weights.Config.Layout.Linear(module), _plan));
        return packed.ToCallerOrder(ClassifierHead.Forward(_body.Forward(packed), _steps.All, head, dropout: null));
    }

    /// <inheritdoc/>
    public TrainedWeights Export() => LearnedTensors.Export(_weights, _plan, _options, _parameters.Read);

    /// <inheritdoc/>
    public LearnerState Save() => _parameters.Save(_optimizer.StepCount);

    /// <inheritdoc/>
    public void Restore(LearnerState state)
    {
        _parameters.Restore(state);
        _body.Refresh();
        _optimizer.StepCount = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _body.Dispose();
        _optimizer.Dispose();
        _parameters.Dispose();
        foreach (var tensor in _frozenTail.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Adds a batch's share to the gradients; its share of the loss, in the caller's scope.</summary>
    private Tensor Accumulate(PackedBatch batch, Scalar share, Dropout dropout)
    {
        using var scope = NewDisposeScope();
        var packed = _device.Upload(batch, _weights.Config.Layout.Embeddings);
        var saved = new Stack<EncoderLayer.Saved>();
        var features = _body.Forward(packed, dropout, saved).requires_grad_(_body.IsAdapted);
        var leaves = _trainedInTail.ToDictionary(name => name, name => _parameters.ValueOf(name).detach().requires_grad_(true));
        var head = new HeadDropout(dropout, _options.BodyDropout ? _weights.Config.Dropout.Head : 0, _plan.Dropout);
        var logits = ClassifierHead.Forward(
            features, _steps.All, new HeadTensors(name => leaves.GetValueOrDefault(name) ?? _frozenTail[name],
                module => AdapterTensors.OfLeaves(leaves, _weights.Config.Layout.Linear(module), _plan)), head);
        var labels = batch.Labels ?? throw new ArgumentException("A batch to train on needs labels.", nameof(batch));
        var loss = ClassifierHead.Loss(logits, packed.ToDeviceOrder(labels), _weights.Config, _options).mul(share);
        var gradients = autograd.grad([loss], [.. leaves.Values, .. _body.IsAdapted ? (Tensor[])[features] : []]).ToList();
        using var noGradient = no_grad();
        foreach (var (name, gradient) in leaves.Keys.Zip(gradients))
        {
            _parameters.GradientOf(name).add_(gradient, Scalars.One);
        }

        if (_body.IsAdapted)
        {
            _body.Backward(gradients[^1], packed, saved);
        }

        return loss.detach().MoveToOuterDisposeScope();
    }
}
