using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>
/// DistilBERT's body on the device with frozen weights; adapters come with each call. Texts lie end to end, so no row is padding; attention takes each run of
/// texts of equal length in one call. Of the last layer only what [CLS] needs is computed.
/// </summary>
/// <remarks>Shapes: x [tokens, width]; after the last layer [texts, width].</remarks>
internal sealed class Encoder : IDisposable
{
    private readonly DistilBertConfig _config;
    private readonly EngineOptions _options;
    private readonly Dictionary<string, Tensor> _weights = new(StringComparer.Ordinal);
    private readonly Scalar _scale;

    /// <summary>Copies the body's weights to the device in the precision of the options.</summary>
    public Encoder(ModelWeights weights, EngineOptions options, Device device)
    {
        _config = weights.Config;
        _options = options;
        _scale = (options.Adapter?.Scale ?? 0).ToScalar();
        var type = options.Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        foreach (var spec in DistilBertTensors.Body(_config))
        {
            using var scope = NewDisposeScope();
            _weights.Add(spec.Key, ToTensor(weights[spec.Key]).to(type).to(device).DetachFromDisposeScope());
        }
    }

    /// <summary>[CLS] states after the last layer, fp32 [texts, width], in the order on the device; in the caller's scope.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="trained">The tensor of a trained name, or null when there is none of it.</param>
    /// <param name="training">With dropout.</param>
    public Tensor Forward(DeviceBatch batch, Func<string, Tensor?> trained, bool training)
    {
        using var scope = NewDisposeScope();
        var words = _weights[$"{DistilBertTensors.WordEmbeddings}.weight"].index_select(0, batch.Ids);
        var positions = _weights[$"{DistilBertTensors.PositionEmbeddings}.weight"].index_select(0, batch.Positions);
        var x = Dropout(Norm(words + positions, DistilBertTensors.EmbeddingNorm), training);
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            x = Layer(x, DistilBertTensors.Layer(layer), batch, trained, training, isLast: layer == _config.LayerCount - 1);
        }

        return x.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in _weights.Values)
        {
            weight.Dispose();
        }

        _scale.Dispose();
    }

    /// <summary>A named tensor in its shape, on the CPU.</summary>
    public static Tensor ToTensor(NamedTensor tensor) => torch.tensor(tensor.Values).view([.. tensor.Shape.Select(length => (long)length)]);

    private Tensor Layer(Tensor x, string layer, DeviceBatch batch, Func<string, Tensor?> trained, bool training, bool isLast)
    {
        using var scope = NewDisposeScope();
        var rows = isLast ? x.index_select(0, batch.FirstTokens) : x;
        var context = Attention(
            Linear(rows, $"{layer}.attention.q_lin", trained, training),
            Linear(x, $"{layer}.attention.k_lin", trained, training),
            Linear(x, $"{layer}.attention.v_lin", trained, training),
            batch, training, isLast);
        rows = Norm(Linear(context, $"{layer}.attention.out_lin", trained, training) + rows, $"{layer}.sa_layer_norm");
        var inner = Linear(rows, $"{layer}.ffn.lin1", trained, training);
        inner = _config.Activation == Activation.Relu ? nn.functional.relu(inner) : nn.functional.gelu(inner);
        var outer = Dropout(Linear(inner, $"{layer}.ffn.lin2", trained, training), training);
        return Norm(outer + rows, $"{layer}.output_layer_norm").MoveToOuterDisposeScope();
    }

    /// <summary>softmax(Q·Kᵀ/√d)·V within each text. Queries are one row a text where only [CLS] counts.</summary>
    private Tensor Attention(Tensor query, Tensor key, Tensor value, DeviceBatch batch, bool training, bool firstTokensOnly)
    {
        var dropout = training && _options.AttentionDropout ? _config.AttentionDropout : 0;
        Tensor Heads(Tensor rows, int start, TextGroup group, int length) =>
            rows.narrow(0, start, (long)group.Texts * length).view(group.Texts, length, _config.HeadCount, _config.HeadWidth).transpose(1, 2);

        var contexts = batch.Groups.Select(group =>
        {
            var length = firstTokensOnly ? 1 : group.Length;
            var result = nn.functional.scaled_dot_product_attention(
                Heads(query, firstTokensOnly ? group.FirstText : group.FirstToken, group, length),
                Heads(key, group.FirstToken, group, group.Length),
                Heads(value, group.FirstToken, group, group.Length), p: dropout);
            return result.transpose(1, 2).reshape((long)group.Texts * length, _config.Width);
        });
        return cat([.. contexts], 0);
    }

    /// <summary>x·Wᵀ + b + scale·(x·Aᵀ)·Bᵀ; with DoRA, W + scale·B·A has its rows rescaled to the trained magnitudes.</summary>
    private Tensor Linear(Tensor x, string module, Func<string, Tensor?> trained, bool training)
    {
        var (weight, bias) = (_weights[$"{module}.weight"], _weights[$"{module}.bias"]);
        if (trained(AdapterNames.A(module)) is not { } a || trained(AdapterNames.B(module)) is not { } b)
        {
            return nn.functional.linear(x, weight, bias);
        }

        var input = training && _options.Adapter!.Dropout > 0 ? nn.functional.dropout(x, _options.Adapter.Dropout, training: true) : x; // adapters come from a plan
        var update = nn.functional.linear(nn.functional.linear(input, a.to(x.dtype)), b.mul(_scale).to(x.dtype));
        if (trained(AdapterNames.Magnitude(module)) is not { } magnitude)
        {
            return nn.functional.linear(x, weight, bias) + update;
        }

        return ((nn.functional.linear(x, weight) + update) * (magnitude / RowNorms(weight, a, b)).to(x.dtype)) + bias;
    }

    /// <summary>‖W + scale·B·A‖ of each row; DoRA takes it as a constant for the gradient.</summary>
    private Tensor RowNorms(Tensor weight, Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return linalg.vector_norm(weight.to(ScalarType.Float32) + b.mm(a).mul(_scale), 2, [1]).MoveToOuterDisposeScope();
    }

    private Tensor Norm(Tensor x, string module) =>
        nn.functional.layer_norm(x, [_config.Width], _weights[$"{module}.weight"], _weights[$"{module}.bias"], DistilBertConfig.LayerNormEpsilon);

    private Tensor Dropout(Tensor x, bool training) =>
        training && _options.BodyDropout && _config.Dropout > 0 ? nn.functional.dropout(x, _config.Dropout, training: true) : x;
}
