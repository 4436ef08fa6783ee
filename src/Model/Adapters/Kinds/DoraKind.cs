using System.Numerics.Tensors;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>DoRA: the rows of W + scale·B·A rescaled to a trained length, magnitude[r]/‖row r‖.</summary>
internal sealed class DoraKind : ILinearAdapter
{
    /// <summary>An untrained magnitude is the length of the row as fp32 arithmetic found it; what it changes is rounding.</summary>
    private const double MagnitudeRounding = 1e-5;

    private readonly AdapterKey _magnitude = new("lora_magnitude_vector", AdapterPart.Magnitude, module => module.Magnitude!); // it is DoRA's

    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> Keys => [.. LinearAdapters.Lora.Keys, _magnitude];

    /// <inheritdoc/>
    public bool NeedsSum => true;

    /// <inheritdoc/>
    public LoraModule Initialize(
        (string Name, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random)
    {
        var lora = LinearAdapters.Lora.Initialize(linear, rank, scale, start, random);
        var lengths = linear.Weight.Values.Chunk(linear.Weight.Shape[1]).Select(row => (float)Math.Sqrt(row.Sum(value => (double)value * value)));
        return new LoraModule
        {
            Module = lora.Module,
            Scale = scale,
            A = lora.A,
            B = lora.B,
            Magnitude = new NamedTensor(_magnitude.NameIn(linear.Name), [linear.Weight.Shape[0]], [.. lengths]),
        };
    }

    /// <inheritdoc/>
    public double Delta(LoraModule adapter, double factor, int r, Span<double> row)
    {
        var largest = LinearAdapters.Lora.Delta(adapter, factor, r, row);
        var rescale = _magnitude.Of(adapter).Values[r] / TensorPrimitives.Norm<double>(row);
        TensorPrimitives.Multiply(row, rescale, row);
        return Math.Max(largest, Math.Abs(rescale - 1) > MagnitudeRounding ? Math.Abs(rescale - 1) : 0);
    }
}
