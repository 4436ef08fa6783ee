namespace LoraOnnx.Kernels.Tests;

/// <summary>Random numbers with a fixed seed, and shapes whose rows, columns and k are seldom whole tiles.</summary>
internal sealed class Draw(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Numbers around 0, a few of them 20 times as large, as activations have them.</summary>
    public float[] Numbers(int count, float size = 1)
    {
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = (_random.NextSingle() - 0.5f) * 2 * size * (_random.Next(50) == 0 ? 20 : 1);
        }

        return numbers;
    }

    public LinearTensors Linear(int outputs, int inputs) => new(Numbers(outputs * inputs, 0.1f), Numbers(outputs));

    public int Between(int least, int most) => _random.Next(least, most + 1);
}
