using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Graph;

/// <summary>A model's tensors as graphs without token types hold them: row 0 of the token types lies in the positions.</summary>
internal static class StoredTensors
{
    /// <summary>All of them; numbers that are as in the checkpoint are not copied.</summary>
    public static IEnumerable<NamedTensor> Of(ModelWeights weights, WeightSet set)
    {
        var embeddings = weights.Config.Layout.Embeddings;
        return set.All.Select(tensor => tensor.Name == embeddings.Positions.Key && embeddings.TokenTypes is not null
            ? new NamedTensor(tensor.Name, weights[tensor.Name].Shape, Tensors.Values<float>(tensor).ToArray())
            : weights[tensor.Name]);
    }
}
