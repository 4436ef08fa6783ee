using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>A kind of adapter of one linear module: what it trains, how that starts, what it makes of the weight. Keeps no state.</summary>
public interface ILinearAdapter
{
    /// <summary>What it trains, in the order of the adapter's file.</summary>
    IReadOnlyList<AdapterKey> Keys { get; }

    /// <summary>True where what it does depends on the weight so far, so that it can't be applied beside it.</summary>
    bool NeedsSum { get; }

    /// <summary>A new adapter of rank <paramref name="rank"/>, which changes nothing yet.</summary>
    /// <param name="linear">The module it changes, and its weight [out, in].</param>
    /// <param name="rank">Inner width, at least 1.</param>
    /// <param name="scale">What B·A is multiplied with.</param>
    /// <param name="start">How A starts.</param>
    /// <param name="random">Where A's numbers come from.</param>
    LoraModule Initialize((string Name, NamedTensor Weight) linear, int rank, double scale, AdapterInitialization start, SeededRandom random);

    /// <summary>Makes of row <paramref name="r"/> of the weight so far what it is with the adapter, whose scale is multiplied by
    /// <paramref name="factor"/>; summed in double.</summary>
    /// <returns>The largest change, of a number or of the row's length; 0 where there is none but rounding.</returns>
    double Delta(LoraModule adapter, double factor, int r, Span<double> row);
}
