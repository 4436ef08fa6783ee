using System.Collections.Concurrent;
using System.Numerics.Tensors;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Reference;

/// <summary>A plain forward pass in managed code, adapters kept apart from the weights: what a merged file is compared with when no run is at hand. Thread-safe.</summary>
public sealed class ReferenceModel
{
    private readonly ModelWeights _weights;
    private readonly DistilBertConfig _config;
    private readonly ConcurrentDictionary<float[], PackedMatrix> _packed = new(); // by array, not by content
    private readonly ILookup<string, (LoraModule Module, double Weight)> _updates;

    /// <summary>
    /// Adapters are applied as W·x + Σ weight·scale·B·(A·x), never folded. Where one is DoRA, whose form needs the sum, those up to it are: peft
    /// takes them in order, and each sees the sum of those before. An adapter of weight 0 is left out.
    /// </summary>
    public ReferenceModel(ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        _config = weights.Config;
        _weights = weights.With(adapters.SelectMany(entry => entry.Adapter.Replacements));
        var apart = new List<(LoraModule Module, double Weight)>();
        foreach (var updates in adapters.Where(entry => entry.Weight != 0)
            .SelectMany(entry => entry.Adapter.Modules, (entry, module) => (Module: module, entry.Weight)).GroupBy(update => update.Module.Module, StringComparer.Ordinal))
        {
            var all = updates.ToList();
            var summed = all.FindLastIndex(update => update.Module.Magnitude is not null) + 1;
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
        var n = ids.Length;
        var width = _config.Width;
        var hidden = new float[n * width];
        var words = _weights[$"{DistilBertTensors.WordEmbeddings}.weight"].Values;
        var positions = _weights[$"{DistilBertTensors.PositionEmbeddings}.weight"].Values;
        for (var i = 0; i < n; i++)
        {
            TensorPrimitives.Add(words.AsSpan(ids[i] * width, width), positions.AsSpan(i * width, width), hidden.AsSpan(i * width, width));
        }

        Normalize(hidden, DistilBertTensors.EmbeddingNorm);
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            hidden = Layer(hidden, n, DistilBertTensors.Layer(layer));
        }

        var pooled = Linear(hidden[..width], 1, DistilBertTensors.PreClassifier, width);
        TensorPrimitives.Max(pooled, 0f, pooled);
        return Linear(pooled, 1, DistilBertTensors.Classifier, _config.Task.Labels.Count);
    }

    // Letters: n tokens, H width. hidden is [n, H].
    private float[] Layer(float[] hidden, int n, string layer)
    {
        var width = _config.Width;
        var attended = Attention(
            Linear(hidden, n, $"{layer}.attention.q_lin", width),
            Linear(hidden, n, $"{layer}.attention.k_lin", width),
            Linear(hidden, n, $"{layer}.attention.v_lin", width), n);
        var state = Linear(attended, n, $"{layer}.attention.out_lin", width);
        TensorPrimitives.Add(state, hidden, state);
        Normalize(state, $"{layer}.sa_layer_norm");

        var inner = Linear(state, n, $"{layer}.ffn.lin1", _config.FeedForwardWidth);
        Activate(inner);
        var outer = Linear(inner, n, $"{layer}.ffn.lin2", width);
        TensorPrimitives.Add(outer, state, outer);
        Normalize(outer, $"{layer}.output_layer_norm");
        return outer;
    }

    private float[] Attention(float[] query, float[] key, float[] value, int n)
    {
        var output = new float[n * _config.Width];
        Parallel.For(0, _config.HeadCount, head => ReferenceAttention.Head(query, key, value, output, n, _config.Width, head * _config.HeadWidth, _config.HeadWidth));
        return output;
    }

    /// <summary>W·x + b + Σ weight·scale·(B·(A·x) + bias of B).</summary>
    private float[] Linear(float[] x, int n, string module, int outWidth)
    {
        var y = Product(x, n, _weights[$"{module}.weight"].Values, _weights[$"{module}.bias"].Values, outWidth);
        foreach (var (update, weight) in _updates[module])
        {
            var low = Product(x, n, update.A.Values, null, update.Rank);
            var delta = Product(low, n, update.B.Values, update.BBias?.Values, outWidth);
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

    private void Normalize(float[] rows, string module)
    {
        var width = _config.Width;
        var (gain, bias) = (_weights[$"{module}.weight"].Values, _weights[$"{module}.bias"].Values);
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

            var inverse = 1 / Math.Sqrt((variance / width) + DistilBertConfig.LayerNormEpsilon);
            for (var i = 0; i < width; i++)
            {
                row[i] = (float)((row[i] - mean) * inverse * gain[i]) + bias[i];
            }
        });
    }

    private void Activate(float[] values)
    {
        if (_config.Activation == Activation.Relu)
        {
            TensorPrimitives.Max(values, 0f, values);
            return;
        }

        var width = _config.FeedForwardWidth;
        Parallel.For(0, values.Length / width, row => ErrorFunction.Gelu(values.AsSpan(row * width, width)));
    }

    /// <summary>The weight W + weight·scale·B·A, with DoRA its rows rescaled to length magnitude[r]; and the bias where B has one.</summary>
    private List<NamedTensor> Summed((LoraModule Module, double Weight) update)
    {
        var (module, factor) = (update.Module, update.Weight * update.Module.Scale);
        var original = _weights[$"{module.Module}.weight"];
        var (rows, columns) = (original.Shape[0], original.Shape[1]);
        var values = new float[original.Values.Length];
        Parallel.For(0, rows, r =>
        {
            var row = new double[columns];
            for (var c = 0; c < columns; c++)
            {
                row[c] = original.Values[(r * columns) + c];
                for (var k = 0; k < module.Rank; k++)
                {
                    row[c] += factor * module.B.Values[(r * module.Rank) + k] * module.A.Values[(k * columns) + c];
                }
            }

            var rescale = module.Magnitude is { } magnitude ? magnitude.Values[r] / TensorPrimitives.Norm<double>(row) : 1;
            for (var c = 0; c < columns; c++)
            {
                values[(r * columns) + c] = (float)(row[c] * rescale);
            }
        });
        List<NamedTensor> sums = [new NamedTensor(original.Name, original.Shape, values)];
        if (module.BBias is { } bias)
        {
            var old = _weights[$"{module.Module}.bias"];
            sums.Add(new NamedTensor(old.Name, old.Shape, [.. old.Values.Zip(bias.Values, (value, added) => (float)(value + (factor * added)))]));
        }

        return sums;
    }
}
