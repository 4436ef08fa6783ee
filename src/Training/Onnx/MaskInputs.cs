using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using LoraOnnx.Graph.Training;
using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Onnx;

/// <summary>Draws the masks of a part of a step: the same numbers, in the same order, as every engine draws. Their memory is used again.</summary>
internal sealed class MaskInputs(IReadOnlyList<DropoutPlace> places, int threads)
{
    private readonly float[][] _buffers = [.. places.Select(_ => Array.Empty<float>())];

    /// <summary>The masks; the caller disposes them before the next are drawn.</summary>
    public DrawnMasks Draw(IPartInputs part, DropoutKeys keys)
    {
        var draws = new List<(int Place, Action Fill)>();
        var shapes = new List<int[]>();
        foreach (var (index, place) in places.Index())
        {
            var isAttention = place.Rows is DropoutRows.Queries or DropoutRows.FirstQueries;
            int[] shape = isAttention ? [part.Texts, place.Columns, place.Rows == DropoutRows.Queries ? part.Width : 1, part.Width]
                : [place.Rows == DropoutRows.Tokens ? part.Rows : part.Texts, place.Columns];
            shapes.Add(shape);
            var count = shape.Aggregate(1, (product, length) => checked(product * length));
            if (_buffers[index].Length < count)
            {
                _buffers[index] = new float[count];
            }

            if (!isAttention)
            {
                var key = keys.Next();
                draws.Add((index, () => Fill(_buffers[index].AsSpan(0, count), place.Probability, key)));
                continue;
            }

            foreach (var group in part.Groups)
            {
                var key = keys.Next();
                draws.Add((index, () => FillWeights(_buffers[index], group, place, part.Width, key)));
            }
        }

        Parallel.ForEach(draws, new ParallelOptions { MaxDegreeOfParallelism = threads }, draw => draw.Fill());
        return new DrawnMasks([.. places.Index().Select(place => new NamedValue(place.Item.Input,
            LentSession.Value(_buffers[place.Index].AsMemory(0, shapes[place.Index].Aggregate(1, (product, length) => product * length)),
                shapes[place.Index])))]);
    }

    private static void Fill(Span<float> mask, double probability, ulong key)
    {
        CounterNoise.FillFp32(MemoryMarshal.Cast<float, uint>(mask), probability, key);
        TensorPrimitives.Multiply(mask, (float)(1 / (1 - probability)), mask);
    }

    /// <summary>Masks of a group's attention weights, drawn at its width and laid out at that of the part; what lies in padding is never
    /// read.</summary>
    private static void FillWeights(float[] mask, TextGroup group, DropoutPlace place, int width, ulong key)
    {
        var (heads, isFirst) = (place.Columns, place.Rows == DropoutRows.FirstQueries);
        var (drawnRows, rows) = isFirst ? (1, 1) : (group.Width, width);
        var drawn = new float[group.Texts * heads * drawnRows * group.Width];
        Fill(drawn, place.Probability, key);
        for (var text = 0; text < group.Texts; text++)
        {
            var length = group.Lengths[text];
            for (var head = 0; head < heads; head++)
            {
                for (var row = 0; row < Math.Min(drawnRows, length); row++)
                {
                    drawn.AsSpan(((((text * heads) + head) * drawnRows) + row) * group.Width, length).CopyTo(
                        mask.AsSpan((((((group.FirstText + text) * heads) + head) * rows) + row) * width));
                }
            }
        }
    }
}

/// <summary>Masks as inputs of a session.</summary>
internal sealed class DrawnMasks(IReadOnlyList<NamedValue> values) : IDisposable
{
    /// <summary>The inputs.</summary>
    public IReadOnlyList<NamedValue> Values => values;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in values)
        {
            value.Value.Dispose();
        }
    }
}
