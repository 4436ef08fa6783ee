using System.Numerics.Tensors;

namespace LoraOnnx.Model.Reference;

/// <summary>softmax(q·kᵀ/√D)·v of one head, every step spelt out.</summary>
internal static class ReferenceAttention
{
    // Letters: n tokens, H width, D width of a head. Matrices of all heads are [n, H].

    /// <summary>Fills the head's columns, from <paramref name="start"/> on, of <paramref name="output"/>.</summary>
    public static void Head(float[] query, float[] key, float[] value, float[] output, int n, int width, int start, int headWidth)
    {
        var scale = (float)(1 / Math.Sqrt(headWidth));
        var q = new float[n * headWidth]; // [n, D]
        var (keys, values) = (new PackedMatrix(headWidth, n), new PackedMatrix(n, headWidth)); // [D, n], [n, D]
        for (var token = 0; token < n; token++)
        {
            var place = (token * width) + start;
            TensorPrimitives.Multiply(query.AsSpan(place, headWidth), scale, q.AsSpan(token * headWidth, headWidth));
            for (var d = 0; d < headWidth; d++)
            {
                keys[d, token] = key[place + d];
                values[token, d] = value[place + d];
            }
        }

        var shares = new float[n * n];
        keys.Multiply(q, n, shares);
        for (var token = 0; token < n; token++)
        {
            Softmax(shares.AsSpan(token * n, n));
        }

        var mixed = new float[n * headWidth]; // [n, D]
        values.Multiply(shares, n, mixed);
        for (var token = 0; token < n; token++)
        {
            mixed.AsSpan(token * headWidth, headWidth).CopyTo(output.AsSpan((token * width) + start));
        }
    }

    private static void Softmax(Span<float> scores)
    {
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.Exp<float>(scores, scores);
        TensorPrimitives.Divide(scores, TensorPrimitives.Sum<float>(scores), scores);
    }
}
