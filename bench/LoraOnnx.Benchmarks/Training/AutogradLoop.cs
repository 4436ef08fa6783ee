using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>
/// What the engine would be without its written-out backward pass: the same packed batches, the last layer for [CLS] alone, and libtorch's autograd
/// for all gradients.
/// </summary>
internal sealed class AutogradLoop : IDisposable
{
    private readonly ModelConfig _config;
    private readonly double _scale;
    private readonly ScalarType _type;
    private readonly Dictionary<string, Tensor> _weights = [];
    private readonly Dictionary<string, Parameter> _adapters = [];
    private readonly optim.Optimizer _optimizer;

    public AutogradLoop(ModelWeights weights, int rank, double alpha, BasePrecision precision)
    {
        _config = weights.Config;
        _scale = alpha / rank;
        _type = TorchDevice.TypeOf(precision);
        foreach (var named in weights.Tensors)
        {
            _weights.Add(named.Name, EncoderBody.ToTensor(named).to(_type));
        }

        foreach (var module in _config.Layout.Blocks.SelectMany(block => (string[])[block.Query.Name, block.Key.Name, block.Value.Name]))
        {
            var width = _config.Shape.Width;
            _adapters.Add($"{module}.A", new Parameter(randn(rank, width) / Math.Sqrt(width)));
            _adapters.Add($"{module}.B", new Parameter(zeros(width, rank)));
        }

        _optimizer = optim.AdamW(_adapters.Values, 4e-4, weight_decay: 0.01);
    }

    /// <summary>One step; the loss.</summary>
    public float Step(PackedBatch texts)
    {
        using var scope = NewDisposeScope();
        var batch = TorchDevice.Cpu.Upload(texts, _config.Layout.Embeddings);
        var labels = batch.ToDeviceOrder(texts.Labels!).Select(label => (long)label[0]).ToArray(); // a batch to train on has labels
        _optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(Logits(batch).to(ScalarType.Float32), tensor(labels));
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

    private Tensor Logits(DeviceBatch batch)
    {
        var embeddings = _config.Layout.Embeddings;
        var x = Drop(Norm(_weights[embeddings.Words.Key].index_select(0, batch.Ids) + _weights[embeddings.Positions.Key]
            .index_select(0, batch.Positions), embeddings.Norm.Name), _config.Dropout.Hidden);
        foreach (var block in _config.Layout.Blocks)
        {
            var rows = block == _config.Layout.Blocks[^1] ? x.index_select(0, batch.FirstTokens) : x;
            var context = Attention(Adapted(rows, block.Query.Name), Adapted(x, block.Key.Name), Adapted(x, block.Value.Name), batch);
            var attended = Norm(Linear(context, block.Output.Name) + rows, block.AttentionNorm.Name);
            var down = Linear(nn.functional.gelu(Linear(attended, block.Up.Name)), block.Down.Name);
            x = Norm(Drop(down, _config.Dropout.Hidden) + attended, block.OutputNorm.Name);
        }

        return Linear(Drop(nn.functional.relu(Linear(x, "pre_classifier")), _config.Dropout.Head), "classifier");
    }

    /// <summary>Text by text: rows of [CLS] alone where there is one a text.</summary>
    private Tensor Attention(Tensor query, Tensor key, Tensor value, DeviceBatch batch)
    {
        var contexts = new List<Tensor>();
        var (text, start) = (0, 0L);
        var firstOnly = query.shape[0] != key.shape[0];
        foreach (var length in batch.Groups.SelectMany(group => group.Lengths))
        {
            var q = Heads(firstOnly ? query.narrow(0, text, 1) : query.narrow(0, start, length));
            contexts.Add(nn.functional.scaled_dot_product_attention(q, Heads(key.narrow(0, start, length)), Heads(value.narrow(0, start, length)))
                .squeeze(0).transpose(0, 1).flatten(1));
            (text, start) = (text + 1, start + length);
        }

        if (!firstOnly && start < batch.Rows)
        {
            contexts.Add(zeros(batch.Rows - start, query.shape[1], dtype: _type));
        }

        return cat(contexts, 0);
    }

    private Tensor Heads(Tensor rows) => rows.unflatten(1, [_config.Shape.Heads, _config.Shape.HeadWidth]).transpose(0, 1).unsqueeze(0);

    private Tensor Adapted(Tensor x, string module) => Linear(x, module)
        + (nn.functional.linear(nn.functional.linear(x, _adapters[$"{module}.A"].to(_type)), _adapters[$"{module}.B"].to(_type)) * _scale);

    private Tensor Linear(Tensor x, string module) => nn.functional.linear(x, _weights[$"{module}.weight"], _weights[$"{module}.bias"]);

    private Tensor Norm(Tensor x, string module) =>
        nn.functional.layer_norm(x, [_config.Shape.Width], _weights[$"{module}.weight"], _weights[$"{module}.bias"], 1e-12);

    private static Tensor Drop(Tensor x, double probability) => nn.functional.dropout(x, probability, training: true);
}
