using System.Numerics.Tensors;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>DoRA: the rows of W + scale·B·A rescaled to a trained length, magnitude[r]/‖row r‖.</summary>
internal sealed class DoraKind : ILinearAdapter
{
    private const string ConfigKey = "use_dora";

    /// <summary>An untrained magnitude is the length of the row as fp32 arithmetic found it; what it changes is rounding.</summary>
    private const double MagnitudeRounding = 1e-5;

    private readonly AdapterKey _magnitude = new("lora_magnitude_vector", AdapterPart.Magnitude, size => [size.Out]);

    /// <inheritdoc/>
    public string Name => "dora";

    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> Keys => [.. LinearAdapters.Lora.Keys, _magnitude];

    /// <inheritdoc/>
    public IReadOnlyList<AdapterKey> FileKeys(bool loraBias) => Keys;

    /// <inheritdoc/>
    public string? NeedsSum => "has a magnitude (DoRA), which rescales the base's own rows";

    /// <inheritdoc/>
    public IReadOnlySet<string> ConfigKeys { get; } = new HashSet<string> { ConfigKey };

    /// <inheritdoc/>
    public bool IsIn(JsonFields config)
    {
        var isDora = config.Text("peft_type") == "LORA" && config.Flag(ConfigKey, false);
        return isDora && config.Flag("lora_bias", false)
            ? throw InputException.InFile(config.Path, $"'lora_bias' and '{ConfigKey}' are both true; peft has no such combination.")
            : isDora;
    }

    /// <inheritdoc/>
    public void Describe(IDictionary<string, object?> config) => config[ConfigKey] = true;

    /// <inheritdoc/>
    public double Scale(double alpha, int rank, bool rsLora) => LinearAdapters.Lora.Scale(alpha, rank, rsLora);

    /// <inheritdoc/>
    public LoraModule Initialize(
        (LinearLayout Layout, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random)
    {
        var lora = LinearAdapters.Lora.Initialize(linear, rank, scale, start, random);
        var lengths = linear.Weight.Values.Chunk(linear.Weight.Shape[1]).Select(row => (float)Math.Sqrt(row.Sum(value => (double)value * value)));
        var magnitude = new NamedTensor(_magnitude.NameIn(linear.Layout.Name), [linear.Weight.Shape[0]], [.. lengths]);
        return Compose(linear.Layout, scale, key => key == _magnitude ? magnitude : lora.Own.GetValueOrDefault(key.Suffix));
    }

    /// <inheritdoc/>
    public LoraModule Compose(LinearLayout linear, double scale, Func<AdapterKey, NamedTensor?> read)
    {
        var lora = LinearAdapters.Lora.Compose(linear, scale, read);
        return new LoraModule
        {
            Module = linear.Name,
            Kind = this,
            Scale = scale,
            A = lora.A,
            B = lora.B,
            Own = new Dictionary<string, NamedTensor>(lora.Own) { [_magnitude.Suffix] = read(_magnitude)! }, // it learns
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
