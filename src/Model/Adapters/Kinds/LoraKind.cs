using System.Numerics.Tensors;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>LoRA: W + scale·B·A.</summary>
internal sealed class LoraKind : ILinearAdapter
{
    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> Keys { get; } =
    [
        new("lora_A.weight", AdapterPart.Down, module => module.A),
        new("lora_B.weight", AdapterPart.Up, module => module.B),
    ];

    /// <inheritdoc/>
    public bool NeedsSum => false;

    /// <inheritdoc/>
    public LoraModule Initialize(
        (string Name, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random)
    {
        var (rows, columns) = (linear.Weight.Shape[0], linear.Weight.Shape[1]);
        var a = start == AdapterInitialization.Original
            ? random.Normal(rank * columns, 1)
            : random.Uniform(rank * columns, 1 / Math.Sqrt(columns));
        return new LoraModule
        {
            Module = linear.Name,
            Scale = scale,
            A = new NamedTensor(Keys[0].NameIn(linear.Name), [rank, columns], a),
            B = new NamedTensor(Keys[1].NameIn(linear.Name), [rows, rank], new float[rows * rank]),
        };
    }

    /// <inheritdoc/>
    public double Delta(LoraModule adapter, double factor, int r, Span<double> row)
    {
        var before = row.ToArray();
        for (var k = 0; k < adapter.Rank; k++)
        {
            var b = factor * adapter.Scale * adapter.B.Values[(r * adapter.Rank) + k];
            var a = adapter.A.Values.AsSpan(k * row.Length, row.Length);
            for (var c = 0; c < row.Length; c++)
            {
                row[c] += b * a[c];
            }
        }

        TensorPrimitives.Subtract(row, before, before);
        return Math.Abs(TensorPrimitives.MaxMagnitude<double>(before));
    }
}
