using System.Numerics.Tensors;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>LoRA: W + scale·B·A.</summary>
internal sealed class LoraKind : ILinearAdapter
{
    private readonly AdapterKey _down = new("lora_A.weight", AdapterPart.Down, size => [size.Rank, size.In]);
    private readonly AdapterKey _up = new("lora_B.weight", AdapterPart.Up, size => [size.Out, size.Rank]);

    private readonly AdapterKey _bias = new("lora_B.bias", AdapterPart.Fixed, size => [size.Out]);

    public LoraKind() => Keys = [_down, _up];

    /// <inheritdoc/>
    public string Name => "lora";

    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> Keys { get; }

    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> FileKeys(bool loraBias) => loraBias ? [.. Keys, _bias] : Keys;

    /// <inheritdoc/>
    public string? NeedsSum => null;

    /// <inheritdoc/>
    public IReadOnlySet<string> ConfigKeys { get; } = new HashSet<string> { "alpha_pattern", "lora_alpha", "lora_bias", "use_rslora" };

    /// <inheritdoc/>
    public bool IsIn(JsonFields config) => config.Text("peft_type") == "LORA" && !config.Flag("use_dora", false);

    /// <inheritdoc/>
    public void Describe(IDictionary<string, object?> config)
    {
    }

    /// <inheritdoc/>
    public double Scale(double alpha, int rank, bool rsLora) => alpha / (rsLora ? Math.Sqrt(rank) : rank);

    /// <inheritdoc/>
    public LoraModule Initialize(
        (LinearLayout Layout, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random)
    {
        var (name, rows, columns) = linear.Layout;
        var a = start == AdapterInitialization.Original
            ? random.Normal(rank * columns, 1)
            : random.Uniform(rank * columns, 1 / Math.Sqrt(columns));
        NamedTensor Tensor(AdapterKey key, float[] values) => new(key.NameIn(name), key.Shape(new AdapterSize(rank, rows, columns)), values);
        return Compose(linear.Layout, scale, key => key == _down ? Tensor(key, a) : key == _up ? Tensor(key, new float[rows * rank]) : null);
    }

    /// <inheritdoc/>
    public LoraModule Compose(LinearLayout linear, double scale, Func<AdapterKey, NamedTensor?> read) => new()
    {
        Module = linear.Name,
        Scale = scale,
        A = read(_down)!, // it learns, like B
        B = read(_up)!,
        BBias = read(_bias),
    };

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
