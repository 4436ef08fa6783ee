using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A new classification head for a body that has none, as <c>transformers</c> initialises it: weights N(0, initializer_range²), biases 0.</summary>
public static class HeadSeeding
{
    /// <summary>The four tensors of the head; the same seed gives the same numbers everywhere. They are not those of PyTorch's generator.</summary>
    public static IReadOnlyList<NamedTensor> Create(DistilBertConfig config, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        var random = new Random(unchecked((int)(seed ^ (seed >> 32)))); // all of the seed counts
        return [.. DistilBertTensors.Head(config).Select(spec =>
        {
            var values = new float[spec.Shape.Aggregate(1, (product, length) => product * length)];
            if (spec.Columns is not null)
            {
                FillNormal(values, config.InitializerRange, random);
            }

            return new NamedTensor(spec.Key, spec.Shape, values);
        })];
    }

    /// <summary>Box and Muller: two uniform numbers give one normal one. Random with a seed has the same sequence in every version of .NET.</summary>
    private static void FillNormal(float[] values, double deviation, Random random)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }
}
