using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>The fixed position embedding of "Attention is all you need": even columns sin(p / 10000^(j/width)), odd ones the cosine of the column
/// before.</summary>
internal static class SinusoidalPositions
{
    public static NamedTensor Create(TensorSpec spec)
    {
        var (positions, width) = (spec.Rows, spec.Columns ?? 1);
        var values = new float[positions * width];
        for (var position = 0; position < positions; position++)
        {
            for (var column = 0; column < width; column++)
            {
                var angle = position / Math.Pow(10000, 2.0 * (column / 2) / width);
                values[(position * width) + column] = (float)(column % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        }

        return new NamedTensor(spec.Key, spec.Shape, values);
    }
}
