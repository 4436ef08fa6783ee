using LoraOnnx.Model.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Frozen linear modules with one input, stacked into one multiplication, and the adapters of those that have one:
/// y = x·Wᵀ + b + scale·(x·Aᵀ)·Bᵀ. Where an adapter has a magnitude, the rows of W + scale·B·A are rescaled to it.
/// </summary>
/// <remarks>Shapes: x [rows, in]; y [rows, out], the modules side by side; W [out, in]; A of all adapters [inner, in]; B block-diagonal [out,
/// inner].</remarks>
internal sealed class StackedLinear : IDisposable
{
    private readonly double _dropout;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly Tensor? _a;
    private readonly Tensor? _scaledB;
    private readonly Tensor? _rowNorms; // [out], ‖row of W + scale·B·A‖; a constant for the gradient, as DoRA defines it
    private readonly Tensor? _rescale; // [out], magnitude/‖row‖; fp32, because bf16 has no number between 1 and 1.008
    private readonly Tensor? _exactBias; // [out], fp32, beside it
    private readonly List<Part> _parts = [];

    /// <summary>Copies the weights of <paramref name="modules"/> to the device in <paramref name="type"/>.</summary>
    public StackedLinear(ModelWeights weights, IReadOnlyList<string> modules, Func<string, AdapterTensors?> adapterOf, double dropout,
        ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        _dropout = dropout;
        Tensor Stack(string suffix) =>
            cat([.. modules.Select(module => EncoderBody.ToTensor(weights[module + suffix]).to(type))], 0).to(device).DetachFromDisposeScope();
        _weight = Stack(".weight");
        _bias = Stack(".bias");
        var (rows, inner) = (0, 0);
        foreach (var module in modules)
        {
            var part = new Part(adapterOf(module), rows, weights[$"{module}.weight"].Shape[0], inner);
            _parts.Add(part);
            rows += part.Rows;
            inner += part.Rank;
        }

        if (inner > 0)
        {
            _a = zeros(inner, _weight.shape[1], dtype: type, device: device).DetachFromDisposeScope();
            _scaledB = zeros(rows, inner, dtype: type, device: device).DetachFromDisposeScope();
        }

        if (_parts.Exists(part => part.Adapter?.Magnitude is not null))
        {
            _rowNorms = ones(rows, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
            _rescale = ones_like(_rowNorms).DetachFromDisposeScope();
            _exactBias = _bias.to(ScalarType.Float32).DetachFromDisposeScope();
        }

        Refresh();
    }

    /// <summary>True when some module here has an adapter.</summary>
    public bool IsAdapted => _a is not null;

    /// <summary>Brings the working copies of A, B and magnitudes up to date; after every change of the trained tensors.</summary>
    public void Refresh()
    {
        using var scope = NewDisposeScope();
        foreach (var part in _parts)
        {
            if (part.Adapter is { } adapter)
            {
                var (a, b) = (adapter.A, adapter.B);
                _a!.narrow(0, part.InnerStart, part.Rank).copy_(a); // there is an adapter, so there is an A
                Block(_scaledB!, part).copy_(b.mul(part.Scale)); // and a B
                if (adapter.Magnitude is { } magnitude)
                {
                    var norms = _rowNorms!.narrow(0, part.Start, part.Rows); // made with the first magnitude
                    norms.copy_(RowNorms.Of(_weight.narrow(0, part.Start, part.Rows).to(ScalarType.Float32).add(b.mm(a), part.Scale)));
                    _rescale!.narrow(0, part.Start, part.Rows).copy_(magnitude / norms); // as the norms
                }
            }
        }
    }

    /// <summary>y for x in the caller's scope, and what the backward pass needs when there is a tape and an adapter.</summary>
    public (Tensor Result, Saved? Saved) Forward(Tensor x, Dropout? dropout, Tape? tape)
    {
        using var scope = NewDisposeScope();
        if (_a is null || _scaledB is null)
        {
            return (nn.functional.linear(x, _weight, _bias).MoveToOuterDisposeScope(), null);
        }

        // peft drops the input of each adapter by itself; here those of one stack share a mask.
        var mask = dropout?.Mask(x, _dropout);
        var input = mask is null ? x : mask.Apply(x);
        var low = input.mm(_a.t());
        Tensor result;
        if (_rescale is null)
        {
            result = nn.functional.linear(x, _weight, _bias).addmm_(low, _scaledB.t(), 1, 1);
            return (result.MoveToOuterDisposeScope(), tape is null ? null : new Saved(tape.Keep(input), tape.Keep(low), mask?.Keep(tape), null));
        }

        var beforeRescale = x.mm(_weight.t()).addmm_(low, _scaledB.t(), 1, 1);
        result = addcmul(_exactBias!, beforeRescale, _rescale, Scalars.One).to(x.dtype); // one rounding, at the end; the bias is there with the scale
        return (result.MoveToOuterDisposeScope(), tape is null
            ? null
            : new Saved(tape.Keep(input), tape.Keep(low), mask?.Keep(tape), tape.Keep(beforeRescale)));
    }

    /// <summary>Adds to the gradients of the adapters, and returns that of x (in the caller's scope) where it is asked for.</summary>
    /// <param name="gradient">Of y.</param>
    /// <param name="saved">From the forward pass; null for modules without adapters.</param>
    /// <param name="inputGradient">False when nothing before these modules is trained; then null is returned.</param>
    public Tensor? Backward(Tensor gradient, Saved? saved, bool inputGradient)
    {
        using var scope = NewDisposeScope();
        if (saved is null || _a is null || _scaledB is null)
        {
            return inputGradient ? gradient.mm(_weight).MoveToOuterDisposeScope() : null;
        }

        if (_rescale is not null)
        {
            AddMagnitudeGradients(gradient, saved.BeforeRescale!); // kept whenever rows are rescaled
            gradient = gradient.mul(_rescale).to(gradient.dtype);
        }

        var lowGradient = gradient.mm(_scaledB);
        var aGradient = lowGradient.t().mm(saved.Input); // [inner, in]
        var bGradient = gradient.t().mm(saved.Low); // [out, inner]; the blocks off the diagonal are of no use
        foreach (var part in _parts)
        {
            if (part.Adapter is { Learns: true } adapter)
            {
                adapter.AddGradients(aGradient.narrow(0, part.InnerStart, part.Rank), Block(bGradient, part), part.Scale);
            }
        }

        if (!inputGradient)
        {
            return null;
        }

        var result = gradient.mm(_weight);
        result = saved.Mask is null ? result.addmm_(lowGradient, _a, 1, 1) : saved.Mask.Added(result, lowGradient.mm(_a));
        return result.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (ReadOnlySpan<Tensor?>)[_weight, _bias, _a, _scaledB, _rowNorms, _rescale, _exactBias])
        {
            tensor?.Dispose();
        }

        foreach (var part in _parts)
        {
            part.Scale.Dispose();
        }
    }

    private static Tensor Block(Tensor blockDiagonal, Part part) =>
        blockDiagonal.narrow(0, part.Start, part.Rows).narrow(1, part.InnerStart, part.Rank);

    private void AddMagnitudeGradients(Tensor gradient, Tensor beforeRescale)
    {
        // Σ dy·(W + scale·B·A)x, of rows with norm 1; norms are there with magnitudes
        var perRow = (gradient * beforeRescale).sum(0, type: ScalarType.Float32) / _rowNorms!;
        foreach (var part in _parts)
        {
            if (part.Adapter is { Learns: true } adapter)
            {
                adapter.AddMagnitudeGradient(perRow.narrow(0, part.Start, part.Rows));
            }
        }
    }

    /// <summary>What the backward pass needs; the tape owns it.</summary>
    internal sealed record Saved(Tensor Input, Tensor Low, DropoutMask? Mask, Tensor? BeforeRescale);

    private sealed record Part(AdapterTensors? Adapter, int Start, int Rows, int InnerStart)
    {
        /// <summary>Rows of A.</summary>
        public int Rank { get; } = (int)(Adapter?.A.shape[0] ?? 0);

        /// <summary>What B·A is multiplied with.</summary>
        public Scalar Scale { get; } = (Adapter?.Scale ?? 0).ToScalar();
    }
}
