namespace LoraOnnx.Model.Safetensors;

/// <summary>A tensor in managed memory: fp32 values in row-major order under the name it has in files.</summary>
public sealed class NamedTensor
{
    /// <summary>Takes the array over; its length must be the product of <paramref name="shape"/>.</summary>
    public NamedTensor(string name, IReadOnlyList<int> shape, float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.LongLength, shape.Aggregate(1L, (product, length) => product * length));
        Name = name;
        Shape = [.. shape];
        Values = values;
    }

    /// <summary>The key in a checkpoint or adapter file.</summary>
    public string Name { get; }

    /// <summary>Lengths of the axes; empty for a scalar. Linear weights are [out, in].</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Elements in row-major order.</summary>
    public float[] Values { get; }

    /// <summary>Shape as text: <c>[768, 512]</c>.</summary>
    public static string Describe(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
