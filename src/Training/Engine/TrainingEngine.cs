using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>
/// An encoder with trainable adapters and head in libtorch. One thread at a time. <see cref="NativeTorch.Prepare"/> must have run.
/// </summary>
internal sealed class TrainingEngine : IDisposable
{
    private readonly EngineOptions _options;
    private readonly ModelWeights _weights;
    private readonly Device _device;
    private readonly Encoder _encoder;
    private readonly TrainedParameters _parameters;
    private readonly IOptimizer _optimizer;
    private readonly Dictionary<string, Tensor> _frozenTail;
    private readonly List<HeadLinear> _pooling; // what of the encoder comes after its blocks
    private readonly List<HeadLinear> _tail; // and the head after it
    private readonly List<string> _trainedInTail;

    private TrainingEngine(ModelWeights weights, EngineOptions options, LoraAdapter? initial)
    {
        _options = options;
        _weights = initial is { Replacements.Count: > 0 } ? weights.With(initial.Replacements) : weights;
        _device = ComputeDevices.Open(options.Device, options.Threads, options.AllowTf32);
        var specs = AdapterSpecs(initial).Concat(options.TrainHead ? ClassifierHead.Specs(_weights) : []).ToList();
        var layout = weights.Config.Layout;
        _pooling = layout.Pooler is { } pooler ? [new HeadLinear(pooler, Activation.Tanh, DropsInput: false)] : [];
        _tail = [.. _pooling, .. layout.Head.Linears];
        _trainedInTail = [.. specs.Select(spec => spec.Initial.Name).Where(name => _tail.Exists(step => name.StartsWith(step.Linear.Name + ".", StringComparison.Ordinal)))];
        _parameters = new TrainedParameters(specs, _device);
        _encoder = new Encoder(_weights, _parameters, options, _device);
        _frozenTail = _tail.SelectMany(step => step.Linear.Tensors).Select(spec => spec.Key).ToDictionary(key => key, key => Encoder.ToTensor(_weights[key]).to(_device).DetachFromDisposeScope(), StringComparer.Ordinal);
        _optimizer = ComputeDevices.Optimizer(options.Device, _parameters, options.Optimizer, options.Adapter?.LoraPlusRatio ?? 1);
    }

    /// <summary>Builds the network on the device. Adapters start from <paramref name="initial"/> where given, else as the plan says; its replacements (a head) apply too.</summary>
    /// <exception cref="InputException">Nothing to train, an adapter on a head that is trained in full, or a device that is not there.</exception>
    public static TrainingEngine Create(ModelWeights weights, EngineOptions options, LoraAdapter? initial = null)
    {
        if (options.Adapter is null && !options.TrainHead)
        {
            throw new InputException("there is nothing to train: neither adapters nor the head.");
        }

        var onHead = options.Adapter?.Modules.FirstOrDefault(module => weights.Config.Layout.Head.Linears.Any(step => step.Linear.Name == module));
        return onHead is null || !options.TrainHead ? new TrainingEngine(weights, options, initial)
            : throw new InputException($"the target '{onHead}' is part of the head, which is trained in full.", "leave it out of --targets, or train adapters alone with --method lora.");
    }

    /// <summary>Numbers that training changes.</summary>
    public long TrainedParameters => _parameters.Count;

    /// <summary>Forward and backward over all micro-batches (loss: mean over all their texts), clipping, one AdamW update.</summary>
    /// <param name="microBatches">What makes one step; more than one is gradient accumulation. All with labels.</param>
    /// <param name="learningRate">Rate of the adapters.</param>
    /// <param name="headLearningRate">Rate of the head.</param>
    public StepResult Step(IReadOnlyList<PackedBatch> microBatches, double learningRate, double headLearningRate)
    {
        using var scope = NewDisposeScope();
        _parameters.Gradients.zero_();
        var texts = microBatches.Sum(batch => batch.TextCount);
        using var share = (1.0 / texts).ToScalar();
        var loss = zeros(1, device: _device);
        for (var part = 0; part < microBatches.Count; part++)
        {
            loss.add_(Accumulate(microBatches[part], share, new Dropout(_options.Seed, _optimizer.StepCount, part)));
        }

        var norm = _optimizer.Step(learningRate, headLearningRate);
        _encoder.Refresh();
        return Result(texts, microBatches.Sum(batch => batch.TokenCount), loss, norm);
    }

    /// <summary>Logits of each text, without dropout. A text's logits do not depend on its batch beyond rounding.</summary>
    public float[][] Logits(PackedBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var packed = OnDevice(batch);
        return packed.ToCallerOrder(ClassifierHead.Forward(_encoder.Forward(packed), _tail, TailTensor, _options.Adapter, dropout: null, 0));
    }

    /// <summary>What the head sees of each text [width], without dropout: the first token's last state, through the pooler where there is one.</summary>
    public float[][] Features(PackedBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var packed = OnDevice(batch);
        return packed.ToCallerOrder(ClassifierHead.Forward(_encoder.Forward(packed), _pooling, TailTensor, _options.Adapter, dropout: null, 0));
    }

    /// <summary>The adapters as they are now; the head under <see cref="LoraAdapter.Replacements"/> when it is trained.</summary>
    public LoraAdapter ExportAdapter()
    {
        var plan = _options.Adapter ?? throw new InvalidOperationException("This engine has no adapters.");
        return new LoraAdapter(
            [.. plan.Modules.Select(module => new LoraModule
            {
                Module = module,
                Scale = plan.Scale,
                A = _parameters.Read(AdapterNames.A(module)),
                B = _parameters.Read(AdapterNames.B(module)),
                Magnitude = plan.UseDora ? _parameters.Read(AdapterNames.Magnitude(module)) : null,
            })],
            _options.TrainHead ? ExportHead() : []);
    }

    /// <summary>The tensors of the head as they are now.</summary>
    public IReadOnlyList<NamedTensor> ExportHead() => [.. _weights.Config.Layout.Head.Keys.Select(key => _options.TrainHead ? _parameters.Read(key) : _weights[key])];

    /// <summary>A copy of all that training changes.</summary>
    public EngineState SaveState() => _parameters.Save(_optimizer.StepCount);

    /// <summary>Goes back to a state of an engine with the same options.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void RestoreState(EngineState state)
    {
        _parameters.Restore(state);
        _encoder.Refresh();
        _optimizer.StepCount = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _encoder.Dispose();
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
        var packed = OnDevice(batch);
        var saved = new Stack<EncoderLayer.Saved>();
        var features = _encoder.Forward(packed, dropout, saved).requires_grad_(_encoder.IsAdapted);
        var leaves = _trainedInTail.ToDictionary(name => name, name => _parameters.ValueOf(name).detach().requires_grad_(true));
        var logits = ClassifierHead.Forward(features, _tail, name => leaves.GetValueOrDefault(name) ?? _frozenTail.GetValueOrDefault(name), _options.Adapter,
            dropout, _options.BodyDropout ? _weights.Config.Dropout.Head : 0);
        var labels = batch.Labels ?? throw new ArgumentException("A batch to train on needs labels.", nameof(batch));
        var loss = ClassifierHead.Loss(logits, packed.ToDeviceOrder(labels), _weights.Config, _options.LabelSmoothing).mul(share);
        var gradients = autograd.grad([loss], [.. leaves.Values, .. _encoder.IsAdapted ? (Tensor[])[features] : []]).ToList();
        using var noGradient = no_grad();
        foreach (var (name, gradient) in leaves.Keys.Zip(gradients))
        {
            _parameters.GradientOf(name).add_(gradient);
        }

        if (_encoder.IsAdapted)
        {
            _encoder.Backward(gradients[^1], packed, saved);
        }

        return loss.detach().MoveToOuterDisposeScope();
    }

    private DeviceBatch OnDevice(PackedBatch batch) => new(batch, _weights.Config.Layout.Embeddings, _device, lengths => ComputeDevices.Groups(_options.Device, lengths), ComputeDevices.RowStep(_options.Device));

    private Tensor? TailTensor(string name) => _parameters.Contains(name) ? _parameters.ValueOf(name) : _frozenTail.GetValueOrDefault(name);

    private IEnumerable<ParameterSpec> AdapterSpecs(LoraAdapter? initial)
    {
        if (_options.Adapter is not { } plan)
        {
            yield break;
        }

        var random = new AdapterRandom(_options.Seed);
        foreach (var module in plan.Modules)
        {
            var weight = _weights[$"{module}.weight"];
            var given = initial?.Modules.FirstOrDefault(candidate => candidate.Module == module);
            yield return Spec(AdapterNames.A(module), given?.A, [plan.Rank, weight.Shape[1]], ParameterKind.AdapterDown, count => random.Next(count, plan.Initialization, weight.Shape[1]));
            yield return Spec(AdapterNames.B(module), given?.B, [weight.Shape[0], plan.Rank], ParameterKind.AdapterUp, count => new float[count]);
            if (plan.UseDora)
            {
                yield return Spec(AdapterNames.Magnitude(module), given?.Magnitude, [weight.Shape[0]], ParameterKind.AdapterMagnitude, _ => RowNorms(weight));
            }
        }
    }

    private static ParameterSpec Spec(string name, NamedTensor? given, int[] shape, ParameterKind kind, Func<int, float[]> create) =>
        new(new NamedTensor(name, shape, given?.Values ?? create(shape.Aggregate(1, (product, length) => product * length))), kind);

    private static float[] RowNorms(NamedTensor weight) =>
        [.. weight.Values.Chunk(weight.Shape[1]).Select(row => (float)Math.Sqrt(row.Sum(value => (double)value * value)))];

    private static StepResult Result(int texts, int tokens, Tensor loss, Tensor norm)
    {
        // Loss and norm in one tensor: one transfer when somebody asks.
        var both = cat([loss.view(1), norm.view(1)], 0).DetachFromDisposeScope();
        return new StepResult(texts, tokens, () =>
        {
            using var onCpu = both.cpu();
            var values = onCpu.data<float>().ToArray();
            both.Dispose();
            return (values[0], values[1]);
        });
    }
}
