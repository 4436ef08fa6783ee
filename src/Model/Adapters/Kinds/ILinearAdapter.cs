using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>A kind of adapter of one linear module: what it trains, how that starts, what it makes of the weight, how <c>peft</c> writes it. Keeps
/// no state.</summary>
public interface ILinearAdapter
{
    /// <summary>What <c>--adapter-kind</c> and run.json call it.</summary>
    string Name { get; }

    /// <summary>What it trains, in the order of the adapter's file; a kind with one of a part has no second.</summary>
    IReadOnlyList<AdapterKey> Keys { get; }

    /// <summary>All tensors that a file of its modules has, in their order.</summary>
    /// <param name="loraBias">The configuration says <c>lora_bias</c>.</param>
    IReadOnlyList<AdapterKey> FileKeys(bool loraBias);

    /// <summary>Why what it does depends on the weight so far, so that it can't be applied beside it, as in "the module WHY"; null where it can be.
    /// </summary>
    string? NeedsSum { get; }

    /// <summary>Keys of adapter_config.json that say something of this kind.</summary>
    IReadOnlySet<string> ConfigKeys { get; }

    /// <summary>True where adapter_config.json describes this kind.</summary>
    /// <exception cref="InputException">It does, with a combination that peft has not.</exception>
    bool IsIn(JsonFields config);

    /// <summary>Changes what adapter_config.json says of LoRA to what it says of this kind.</summary>
    void Describe(IDictionary<string, object?> config);

    /// <summary>What B·A is multiplied with.</summary>
    double Scale(double alpha, int rank, bool rsLora);

    /// <summary>A new adapter of rank <paramref name="rank"/>, which changes nothing yet.</summary>
    /// <param name="linear">The module it changes, and its weight [out, in].</param>
    /// <param name="rank">Inner width, at least 1.</param>
    /// <param name="scale">What B·A is multiplied with.</param>
    /// <param name="start">How A starts.</param>
    /// <param name="random">Where A's numbers come from.</param>
    LoraModule Initialize((LinearLayout Layout, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random);

    /// <summary>The adapter that those tensors are.</summary>
    /// <param name="linear">The module it changes.</param>
    /// <param name="scale">What B·A is multiplied with.</param>
    /// <param name="read">The tensor of a key; null where there is none, which only one that does not learn may be.</param>
    LoraModule Compose(LinearLayout linear, double scale, Func<AdapterKey, NamedTensor?> read);

    /// <summary>Makes of row <paramref name="r"/> of the weight so far what it is with the adapter, whose scale is multiplied by
    /// <paramref name="factor"/>; summed in double.</summary>
    /// <returns>The largest change, of a number or of the row's length; 0 where there is none but rounding.</returns>
    double Delta(LoraModule adapter, double factor, int r, Span<double> row);
}
