using System.Collections.Concurrent;
using System.Numerics.Tensors;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Reference;

/// <summary>A plain forward pass in managed code, adapters kept apart from the weights: what a merged file is compared with when no run is at hand.
/// Thread-safe.</summary>
public sealed class ReferenceModel
{
    private readonly ModelWeights _weights;
    private readonly EncoderLayout _layout;
    private readonly ConcurrentDictionary<float[], PackedMatrix> _packed = new(); // by array, not by content
    private readonly ILookup<string, (LoraModule Module, double Weight)> _updates;

    /// <summary>
    /// Adapters are applied as W·x + Σ weight·scale·B·(A·x), never folded. Where one's form needs the sum, as DoRA's does, those up to it are: peft
    /// takes them in order, and each sees the sum of those before. An adapter of weight 0 is left out.
    /// </summary>
    public ReferenceModel(ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        _layout = weights.Config.Layout;
        _weights = weights.With(adapters.SelectMany(entry => entry.Adapter.Replacements));
        var apart = new List<(LoraModule Module, double Weight)>();
        foreach (var updates in adapters.Where(entry => entry.Weight != 0)
            .SelectMany(entry => entry.Adapter.Modules, (entry, module) => (Module: module, entry.Weight))
            .GroupBy(update => update.Module.Module, StringComparer.Ordinal))
        {
            var all = updates.ToList();
            var summed = all.FindLastIndex(update => update.Module.Kind.NeedsSum is not null) + 1;
            foreach (var update in all.Take(summed))
            {
                _weights = _weights.With(Summed(update));
            }

            apart.AddRange(all.Skip(summed));
        }

        _updates = apart.ToLookup(update => update.Module.Module, StringComparer.Ordinal);
    }

    /// <summary>The logits [labels] of one text given as token ids.</summary>
    public float[] Logits(ReadOnlySpan<int> ids)
    {
        var state = Feature(ids);
        foreach (var step in _layout.Head.Linears)
        {
            state = Linear(state, 1, step.Linear);
            if (step.Activation is { } activation)
            {
                Activate(activation, state);
            }
        }

        return state;
    }

    /// <summary>What the head reads of one text [width]: the first token's last state, through the pooler where there is one.</summary>
    public float[] Feature(ReadOnlySpan<int> ids)
    {
        var n = ids.Length;
        var hidden = Embed(ids);
        foreach (var block in _layout.Blocks)
        {
            hidden = Block(hidden, n, block);
        }

        var first = hidden[.._layout.Shape.Width];
        if (_layout.Pooler is not { } pooler)
        {
            return first;
        }

        var pooled = Linear(first, 1, pooler);
        Activate(Activation.Tanh, pooled);
        return pooled;
    }

    // Letters: n tokens, H width. hidden is [n, H].
    private float[] Embed(ReadOnlySpan<int> ids)
    {
        var (embeddings, width) = (_layout.Embeddings, _layout.Shape.Width);
        var hidden = new float[ids.Length * width];
        var rows = new int[ids.Length];
        embeddings.FillPositions(ids, rows);
        var (words, positions) = (_weights[embeddings.Words.Key].Values, _weights[embeddings.Positions.Key].Values);
        for (var i = 0; i < ids.Length; i++)
        {
            var state = hidden.AsSpan(i * width, width);
            TensorPrimitives.Add(words.AsSpan(ids[i] * width, width), positions.AsSpan(rows[i] * width, width), state);
            if (embeddings.TokenTypes is { } types)
            {
                TensorPrimitives.Add(state, _weights[types.Key].Values.AsSpan(0, width), state);
            }
        }

        Normalize(hidden, embeddings.Norm);
        return hidden;
    }

    private float[] Block(float[] hidden, int n, BlockLayout block)
    {
        var attended = Attention(Linear(hidden, n, block.Query), Linear(hidden, n, block.Key), Linear(hidden, n, block.Value), n);
        var state = Linear(attended, n, block.Output);
        TensorPrimitives.Add(state, hidden, state);
        Normalize(state, block.AttentionNorm);

        var inner = Linear(state, n, block.Up);
        Activate(_layout.Shape.Activation, inner);
        var outer = Linear(inner, n, block.Down);
        TensorPrimitives.Add(outer, state, outer);
        Normalize(outer, block.OutputNorm);
        return outer;
    }

    private float[] Attention(float[] query, float[] key, float[] value, int n)
    {
        var output = new float[n * _layout.Shape.Width];
        Parallel.For(0, _layout.Shape.Heads,
            head => ReferenceAttention.Head(
                query, key, value, output, n, _layout.Shape.Width, head * _layout.Shape.HeadWidth, _layout.Shape.HeadWidth));
        return output;
    }

    /// <summary>W·x + b + Σ weight·scale·(B·(A·x) + bias of B).</summary>
    private float[] Linear(float[] x, int n, LinearLayout linear)
    {
        var y = Product(x, n, _weights[linear.Weight].Values, _weights[linear.Bias].Values, linear.Out);
        foreach (var (update, weight) in _updates[linear.Name])
        {
            var low = Product(x, n, update.A.Values, null, update.Rank);
            var delta = Product(low, n, update.B.Values, update.BBias?.Values, linear.Out);
            TensorPrimitives.MultiplyAdd(delta, (float)(update.Scale * weight), y, y);
        }

        return y;
    }

    /// <summary>x·Wᵀ + b for rows x [n, in] and a weight [out, in], which is packed once.</summary>
    private float[] Product(float[] x, int n, float[] weight, float[]? bias, int outputs)
    {
        var y = new float[n * outputs];
        _packed.GetOrAdd(weight, PackedMatrix.OfWeight, outputs).MultiplyParallel(x, n, y);
        for (var row = 0; bias is not null && row < n; row++)
        {
            TensorPrimitives.Add(y.AsSpan(row * outputs, outputs), bias, y.AsSpan(row * outputs, outputs));
        }

        return y;
    }

    private void Normalize(float[] rows, NormLayout norm)
    {
        var (width, epsilon) = (norm.Width, _layout.Shape.NormEpsilon);
        var (gain, bias) = (_weights[norm.Weight].Values, _weights[norm.Bias].Values);
        Parallel.For(0, rows.Length / width, index =>
        {
            var row = rows.AsSpan(index * width, width);
            var mean = 0.0;
            foreach (var value in row)
            {
                mean += value;
            }

            mean /= width;
            var variance = 0.0;
            foreach (var value in row)
            {
                variance += (value - mean) * (value - mean);
            }

            var inverse = 1 / Math.Sqrt((variance / width) + epsilon);
            for (var i = 0; i < width; i++)
            {
                row[i] = (float)((row[i] - mean) * inverse * gain[i]) + bias[i];
            }
        });
    }

    private static void Activate(Activation activation, float[] values)
    {
        const int Piece = 1 << 12;
        Parallel.For(0, (values.Length + Piece - 1) / Piece, piece =>
        {
            var part = values.AsSpan(piece * Piece, Math.Min(Piece, values.Length - (piece * Piece)));
            switch (activation)
            {
                case Activation.Gelu:
                    ErrorFunction.Gelu(part);
                    break;
                case Activation.Relu:
                    TensorPrimitives.Max(part, 0f, part);
                    break;
                case Activation.Tanh:
                    TensorPrimitives.Tanh(part, part);
                    break;
                default:
                    GeluTanh(part);
                    break;
            }
        });
    }

    /// <summary>½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).</summary>
    private static void GeluTanh(Span<float> values)
    {
        foreach (ref var x in values)
        {
            x = (float)(0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))));
        }
    }

    /// <summary>The weight with the adapter in, by its kind's formula; and the bias where B has one.</summary>
    private List<NamedTensor> Summed((LoraModule Module, double Weight) update)
    {
        var (module, factor) = update;
        var original = _weights[$"{module.Module}.weight"];
        var columns = original.Shape[1];
        var values = new float[original.Values.Length];
        Parallel.For(0, original.Shape[0], r =>
        {
            var row = new double[columns];
            TensorPrimitives.ConvertTruncating<float, double>(original.Values.AsSpan(r * columns, columns), row);
            module.Kind.Delta(module, factor, r, row);
            TensorPrimitives.ConvertTruncating<double, float>(row, values.AsSpan(r * columns, columns));
        });
        List<NamedTensor> sums = [new NamedTensor(original.Name, original.Shape, values)];
        if (module.BBias is not null)
        {
            var old = _weights[$"{module.Module}.bias"];
            sums.Add(new NamedTensor(old.Name, old.Shape, [.. old.Values.Select((value, r) => (float)(value + module.BiasDelta(factor, r)))]));
        }

        return sums;
    }
}
