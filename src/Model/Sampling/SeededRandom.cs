namespace LoraOnnx.Model.Sampling;

/// <summary>Numbers decided by a seed alone: Random with a seed has the same sequence on every machine and in every version of .NET.</summary>
public sealed class SeededRandom
{
    private readonly Random _random;

    /// <summary>Starts at the beginning of the seed's sequence.</summary>
    public SeededRandom(ulong seed) => _random = new Random(unchecked((int)(seed ^ (seed >> 32)))); // all of the seed counts

    /// <summary>The next numbers, even between -<paramref name="bound"/> and <paramref name="bound"/>.</summary>
    public float[] Uniform(int count, double bound) => Draw(count, () => ((2 * _random.NextDouble()) - 1) * bound);

    /// <summary>The next numbers, N(0, <paramref name="deviation"/>²). Box and Muller: two uniform numbers give one normal one.</summary>
    public float[] Normal(int count, double deviation) =>
        Draw(count, () => deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));

    private static float[] Draw(int count, Func<double> next)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)next();
        }

        return values;
    }
}
