namespace LoraOnnx.Training.Engine;

/// <summary>Starting values of adapters, decided by the seed alone, on any machine.</summary>
internal sealed class AdapterRandom
{
    private readonly Random _random;

    /// <summary>Starts at the beginning of the seed's sequence.</summary>
    public AdapterRandom(long seed) => _random = new Random(unchecked((int)(seed ^ (seed >> 32)))); // all of the seed counts

    /// <summary>Values of A for a module with <paramref name="inputs"/> inputs.</summary>
    public float[] Next(int count, AdapterInitialization initialization, int inputs)
    {
        var bound = 1 / Math.Sqrt(inputs);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)(initialization == AdapterInitialization.Original ? Normal() : ((2 * _random.NextDouble()) - 1) * bound);
        }

        return values;
    }

    /// <summary>Box and Muller.</summary>
    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
