using System.Collections.Concurrent;
using System.Numerics.Tensors;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using MathNet.Numerics;

namespace LoraOnnx.Merge;

/// <summary>
/// The forward pass in double, with adapters summed into the weights in double and never rounded: what fp32 would give if it did not round. Slow; it
/// says how far rounding alone moves the logits of these weights.
/// </summary>
internal sealed class ExactReference
{
    private readonly ModelWeights _weights;
    private readonly EncoderLayout _layout;
    private readonly ILookup<string, (LoraModule Module, double Weight)> _updates;
    private readonly Func<double, double> _store;
    private readonly ConcurrentDictionary<string, (double[] Weight, double[] Bias)> _linears = new(StringComparer.Ordinal);

    /// <summary>Adapters are taken in order, as peft merges them; one of weight 0 is left out.</summary>
    public ExactReference(ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        _layout = weights.Config.Layout;
        _store = static sum => sum;
        _weights = weights.With(adapters.SelectMany(entry => entry.Adapter.Replacements));
        _updates = adapters.Where(entry => entry.Weight != 0)
            .SelectMany(entry => entry.Adapter.Modules, (entry, module) => (Module: module, entry.Weight))
            .ToLookup(update => update.Module.Module, StringComparer.Ordinal);
    }

    private ExactReference(ModelWeights weights, ILookup<string, (LoraModule Module, double Weight)> updates, Func<double, double> store) =>
        (_weights, _layout, _updates, _store) = (weights, weights.Config.Layout, updates, store);

    /// <summary>The same, with each sum of weight and adapters rounded to fp32 once, as a file holds it.</summary>
    public ExactReference WithRoundedWeights() => new(_weights, _updates, static sum => (float)sum);

    /// <summary>The logits [labels] of one text given as token ids.</summary>
    public double[] Logits(ReadOnlySpan<int> ids)
    {
        var n = ids.Length;
        var hidden = Embed(ids);
        foreach (var block in _layout.Blocks)
        {
            hidden = Block(hidden, n, block);
        }

        var state = hidden[.._layout.Shape.Width];
        if (_layout.Pooler is { } pooler)
        {
            state = Activate(Activation.Tanh, Linear(state, 1, pooler));
        }

        foreach (var step in _layout.Head.Linears)
        {
            state = Linear(state, 1, step.Linear);
            state = step.Activation is { } activation ? Activate(activation, state) : state;
        }

        return state;
    }

    // Letters: n tokens, H width. hidden is [n, H].
    private double[] Embed(ReadOnlySpan<int> ids)
    {
        var (embeddings, width) = (_layout.Embeddings, _layout.Shape.Width);
        var (words, positions) = (_weights[embeddings.Words.Key].Values, _weights[embeddings.Positions.Key].Values);
        var types = embeddings.TokenTypes is { } spec ? _weights[spec.Key].Values : null;
        var rows = new int[ids.Length];
        embeddings.FillPositions(ids, rows);
        var hidden = new double[ids.Length * width];
        for (var token = 0; token < ids.Length; token++)
        {
            for (var i = 0; i < width; i++)
            {
                hidden[(token * width) + i] = (double)words[(ids[token] * width) + i] + positions[(rows[token] * width) + i] + (types?[i] ?? 0);
            }
        }

        return Normalized(hidden, embeddings.Norm);
    }

    private double[] Block(double[] hidden, int n, BlockLayout block)
    {
        var attended = Attention(Linear(hidden, n, block.Query), Linear(hidden, n, block.Key), Linear(hidden, n, block.Value), n);
        var state = Normalized(Sum(Linear(attended, n, block.Output), hidden), block.AttentionNorm);
        var inner = Activate(_layout.Shape.Activation, Linear(state, n, block.Up));
        return Normalized(Sum(Linear(inner, n, block.Down), state), block.OutputNorm);
    }

    /// <summary>softmax(q·kᵀ/√D)·v for each head.</summary>
    private double[] Attention(double[] query, double[] key, double[] value, int n)
    {
        var (width, depth) = (_layout.Shape.Width, _layout.Shape.HeadWidth);
        var output = new double[n * width];
        Parallel.For(0, _layout.Shape.Heads * n, place =>
        {
            var (start, token) = (place / n * depth, place % n);
            var shares = new double[n];
            for (var other = 0; other < n; other++)
            {
                shares[other] = TensorPrimitives.Dot<double>(query.AsSpan((token * width) + start, depth), key.AsSpan((other * width) + start, depth))
                    / Math.Sqrt(depth);
            }

            TensorPrimitives.Subtract(shares, shares.Max(), shares);
            TensorPrimitives.SoftMax<double>(shares, shares);
            var mixed = output.AsSpan((token * width) + start, depth);
            for (var other = 0; other < n; other++)
            {
                TensorPrimitives.MultiplyAdd(value.AsSpan((other * width) + start, depth), shares[other], mixed, mixed);
            }
        });
        return output;
    }

    private double[] Linear(double[] x, int n, LinearLayout linear)
    {
        var (weight, bias) = _linears.GetOrAdd(linear.Name, _ => Summed(linear));
        var y = new double[n * linear.Out];
        Parallel.For(0, linear.Out, output =>
        {
            var row = weight.AsSpan(output * linear.In, linear.In);
            for (var token = 0; token < n; token++)
            {
                y[(token * linear.Out) + output] = TensorPrimitives.Dot<double>(row, x.AsSpan(token * linear.In, linear.In)) + bias[output];
            }
        });
        return y;
    }

    /// <summary>The weight with its adapters in, each by its kind's formula; and the bias with those of B.</summary>
    private (double[] Weight, double[] Bias) Summed(LinearLayout linear)
    {
        var weight = Array.ConvertAll(_weights[linear.Weight].Values, value => (double)value);
        var bias = Array.ConvertAll(_weights[linear.Bias].Values, value => (double)value);
        foreach (var (module, share) in _updates[linear.Name])
        {
            Parallel.For(0, linear.Out, r =>
            {
                module.Kind.Delta(module, share, r, weight.AsSpan(r * linear.In, linear.In));
                bias[r] += module.BiasDelta(share, r);
            });
        }

        return (Array.ConvertAll(weight, sum => _store(sum)), Array.ConvertAll(bias, sum => _store(sum)));
    }

    private double[] Normalized(double[] rows, NormLayout norm)
    {
        var (gain, bias) = (_weights[norm.Weight].Values, _weights[norm.Bias].Values);
        for (var start = 0; start < rows.Length; start += norm.Width)
        {
            var row = rows.AsSpan(start, norm.Width);
            var mean = TensorPrimitives.Sum<double>(row) / norm.Width;
            TensorPrimitives.Subtract(row, mean, row);
            var inverse = 1 / Math.Sqrt((TensorPrimitives.SumOfSquares<double>(row) / norm.Width) + _layout.Shape.NormEpsilon);
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = (row[i] * inverse * gain[i]) + bias[i];
            }
        }

        return rows;
    }

    private static double[] Sum(double[] x, double[] y)
    {
        TensorPrimitives.Add(x, y, x);
        return x;
    }

    private static double[] Activate(Activation activation, double[] values)
    {
        Parallel.For(0, values.Length, i => values[i] = activation switch
        {
            Activation.Gelu => values[i] * 0.5 * SpecialFunctions.Erfc(-values[i] / Math.Sqrt(2)),
            Activation.GeluTanh => 0.5 * values[i]
                * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (values[i] + (0.044715 * values[i] * values[i] * values[i])))),
            Activation.Relu => Math.Max(values[i], 0),
            _ => Math.Tanh(values[i]),
        });
        return values;
    }
}
