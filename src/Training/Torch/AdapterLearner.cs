using System.Diagnostics;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;
using LoraOnnx.Training.Engine;
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

    /// <summary>Builds the network on the device. Adapters start from <paramref name="initial"/> where given, else as the plan says.</summary>
    /// <exception cref="InputException">An adapter on a head that is trained in full.</exception>
    public AdapterLearner(ModelWeights weights, AdapterPlan plan, LearnerOptions options, TorchDevice device, LoraAdapter? initial = null)
    {
        _options = options;
        _plan = plan;
        _weights = weights;
        _device = device;
        var onHead = plan.Modules.FirstOrDefault(module => weights.Config.Layout.Head.Linears.Any(step => step.Linear.Name == module));
        if (onHead is not null && options.TrainHead)
        {
            throw new InputException($"the target '{onHead}' is part of the head, which is trained in full.",
                "leave it out of --targets, or train adapters alone with --method lora.");
        }

        var specs = AdapterSpecs(initial).Concat(options.TrainHead ? ClassifierHead.Specs(weights) : []).ToList();
        _steps = new TailSteps(weights.Config.Layout);
        _trainedInTail = [.. specs.Select(spec => spec.Initial.Name).Where(_steps.Holds)];
        _parameters = new TrainedParameters(specs, device.Device);
        var body = new BodyOptions(options.Precision, options.BodyDropout, options.AttentionDropout, plan.Dropout);
        _body = new EncoderBody(weights, module => AdapterTensors.Trained(_parameters, module, plan.Scale), body, device);
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
        var weight = ClassifierHead.WeightOf(parts.SelectMany(part => part.Labels ?? []), _weights.Config, _options);
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
            module => AdapterTensors.Trained(_parameters, module, _plan.Scale));
        return packed.ToCallerOrder(ClassifierHead.Forward(_body.Forward(packed), _steps.All, head, dropout: null));
    }

    /// <inheritdoc/>
    public TrainedWeights Export()
    {
        var head = _options.TrainHead ? _weights.Config.Layout.Head.Keys.Select(_parameters.Read).ToList() : null;
        return new TrainedWeights(new LoraAdapter(
            [.. _plan.Modules.Select(module => new LoraModule
            {
                Module = module,
                Scale = _plan.Scale,
                A = _parameters.Read(AdapterNames.A(module)),
                B = _parameters.Read(AdapterNames.B(module)),
                Magnitude = _plan.UseDora ? _parameters.Read(AdapterNames.Magnitude(module)) : null,
            })],
            head ?? []), head);
    }

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
            features, _steps.All, new HeadTensors(name => leaves.GetValueOrDefault(name) ?? _frozenTail[name], module => Leaf(leaves, module)), head);
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

    /// <summary>A module's adapter as leaves of libtorch's own gradients, or null.</summary>
    private AdapterTensors? Leaf(Dictionary<string, Tensor> leaves, string module) => leaves.TryGetValue(AdapterNames.A(module), out var a)
        ? new AdapterTensors(a, leaves[AdapterNames.B(module)], leaves.GetValueOrDefault(AdapterNames.Magnitude(module)), _plan.Scale, null)
        : null;

    private IEnumerable<ParameterSpec> AdapterSpecs(LoraAdapter? initial)
    {
        var random = _options.Rules.Random(_options.Seed, RandomUse.Adapters);
        foreach (var name in _plan.Modules)
        {
            var module = initial?.Modules.FirstOrDefault(candidate => candidate.Module == name)
                ?? _plan.Kind.Initialize((name, _weights[$"{name}.weight"]), _plan.Rank, _plan.Scale, _plan.Initialization, random);
            foreach (var key in _plan.Kind.Keys)
            {
                var tensor = key.Of(module);
                yield return new ParameterSpec(new NamedTensor(key.NameIn(name), tensor.Shape, tensor.Values), KindOf(key.Part));
            }
        }
    }

    private static ParameterKind KindOf(AdapterPart part) => part switch
    {
        AdapterPart.Down => ParameterKind.AdapterDown,
        AdapterPart.Up => ParameterKind.AdapterUp,
        AdapterPart.Magnitude => ParameterKind.AdapterMagnitude,
        _ => throw new UnreachableException($"An adapter's part {part} has no learning rate. This is a bug."),
    };
}
