using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Training.Engine;

/// <summary>Starting values of adapters, decided by the seed alone, on any machine.</summary>
internal sealed class AdapterRandom
{
    private readonly SeededRandom _random;

    /// <summary>Starts at the beginning of the seed's sequence.</summary>
    public AdapterRandom(ulong seed) => _random = new SeededRandom(seed);

    /// <summary>Values of A for a module with <paramref name="inputs"/> inputs.</summary>
    public float[] Next(int count, AdapterInitialization initialization, int inputs) =>
        initialization == AdapterInitialization.Original ? _random.Normal(count, 1) : _random.Uniform(count, 1 / Math.Sqrt(inputs));
}
