using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>
/// The baseline: what a user of transformers and peft runs by default. fp32, a batch padded to its longest text, every token of every layer, dropout
/// as configured, scaled_dot_product_attention, x·Aᵀ·Bᵀ beside each of q, k and v, autograd, torch's AdamW with a tensor for each A and B.
/// </summary>
internal sealed class PlainLoop : IDisposable
{
    private readonly ModelConfig _config;
    private readonly double _scale;
    private readonly Dictionary<string, Tensor> _weights = [];
    private readonly Dictionary<string, Parameter> _adapters = [];
    private readonly optim.Optimizer _optimizer;

    public PlainLoop(ModelWeights weights, int rank, double alpha)
    {
        _config = weights.Config;
        _scale = alpha / rank;
        foreach (var named in weights.Tensors)
        {
            _weights.Add(named.Name, tensor(named.Values).view([.. named.Shape.Select(length => (long)length)]));
        }

        foreach (var (module, rows, columns) in _config.Layout.Linears.Where(linear => linear.Name.EndsWith("q_lin", StringComparison.Ordinal)
            || linear.Name.EndsWith("k_lin", StringComparison.Ordinal) || linear.Name.EndsWith("v_lin", StringComparison.Ordinal)))
        {
            _adapters.Add($"{module}.A", new Parameter(randn(rank, columns) / Math.Sqrt(columns)));
            _adapters.Add($"{module}.B", new Parameter(zeros(rows, rank)));
        }

        _optimizer = optim.AdamW(_adapters.Values, 4e-4, weight_decay: 0.01);
    }

    /// <summary>Columns of the padded batch.</summary>
    public static int PaddedLength(IReadOnlyCollection<EncodedText> texts) => texts.Max(text => text.Ids.Length);

    /// <summary>One step; the loss.</summary>
    public float Step(IReadOnlyList<EncodedText> texts, long[] labels)
    {
        using var scope = NewDisposeScope();
        var length = PaddedLength(texts);
        var ids = tensor(texts.SelectMany(text => text.Ids.Concat(Enumerable.Repeat(0, length - text.Ids.Length)).Select(id => (long)id)).ToArray())
            .view(texts.Count, length);
        var mask = tensor(texts.SelectMany(text => Enumerable.Range(0, length).Select(position => position < text.Ids.Length)).ToArray())
            .view(texts.Count, 1, 1, length);
        _optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(Logits(ids, mask), tensor(labels));
        loss.backward();
        nn.utils.clip_grad_norm_(_adapters.Values, 1.0);
        _optimizer.step();
        return loss.item<float>();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var tensor in (IEnumerable<Tensor>)[.. _weights.Values, .. _adapters.Values])
        {
            tensor.Dispose();
        }
    }

    private Tensor Logits(Tensor ids, Tensor mask)
    {
        var positions = _weights["distilbert.embeddings.position_embeddings.weight"].narrow(0, 0, ids.shape[1]);
        var x = Drop(Norm(_weights["distilbert.embeddings.word_embeddings.weight"][ids] + positions, "distilbert.embeddings.LayerNorm"),
            _config.Dropout.Hidden);
        for (var index = 0; index < _config.Shape.Blocks; index++)
        {
            var layer = $"distilbert.transformer.layer.{index}";
            Tensor Heads(string module) =>
                Linear(x, $"{layer}.attention.{module}").view(ids.shape[0], -1, _config.Shape.Heads, _config.Shape.HeadWidth).transpose(1, 2);
            var context = nn.functional.scaled_dot_product_attention(Heads("q_lin"), Heads("k_lin"), Heads("v_lin"), mask, _config.Dropout.Attention);
            x = Norm(Linear(context.transpose(1, 2).reshape(x.shape), $"{layer}.attention.out_lin") + x, $"{layer}.sa_layer_norm");
            var inner = nn.functional.gelu(Linear(x, $"{layer}.ffn.lin1"));
            x = Norm(Drop(Linear(inner, $"{layer}.ffn.lin2"), _config.Dropout.Hidden) + x, $"{layer}.output_layer_norm");
        }

        return Linear(Drop(nn.functional.relu(Linear(x.select(1, 0), "pre_classifier")), _config.Dropout.Head), "classifier");
    }

    private Tensor Linear(Tensor x, string module)
    {
        var result = nn.functional.linear(x, _weights[$"{module}.weight"], _weights[$"{module}.bias"]);
        return _adapters.TryGetValue($"{module}.A", out var a)
            ? result + (nn.functional.linear(nn.functional.linear(x, a), _adapters[$"{module}.B"]) * _scale)
            : result;
    }

    private Tensor Norm(Tensor x, string module) =>
        nn.functional.layer_norm(x, [_config.Shape.Width], _weights[$"{module}.weight"], _weights[$"{module}.bias"], 1e-12);

    private static Tensor Drop(Tensor x, double probability) => nn.functional.dropout(x, probability, training: true);
}
