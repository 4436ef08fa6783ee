using LoraOnnx.Model.Sampling;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Torch;

/// <summary>Starting values of adapters, decided by a sequence of random numbers alone, on any machine.</summary>
internal sealed class AdapterRandom(SeededRandom random)
{
    /// <summary>Values of A for a module with <paramref name="inputs"/> inputs.</summary>
    public float[] Next(int count, AdapterStart initialization, int inputs) =>
        initialization == AdapterStart.Original ? random.Normal(count, 1) : random.Uniform(count, 1 / Math.Sqrt(inputs));
}
