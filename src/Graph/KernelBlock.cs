using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph;

/// <summary>One block of an encoder as kernels take it, and the names of its nodes in the graph beside it.</summary>
/// <param name="Layout">Its modules by their roles.</param>
/// <param name="FirstTokensOnly">Whether only the first token of each text is asked for: the last block.</param>
/// <param name="Tensor">A tensor of the checkpoint by its key, in fp32; what the codes of a rounded matrix stand for.</param>
/// <param name="Rounded">A matrix by its key where its products are to be in 8 bits, else null.</param>
public sealed record KernelBlock(
    BlockLayout Layout, bool FirstTokensOnly, Func<string, ReadOnlyMemory<float>> Tensor, Func<string, RoundedMatrix?> Rounded)
{
    /// <summary>The node that makes queries, keys and values side by side.</summary>
    public string QueriesKeysValues => $"{Layout.Query.Name}.and_key_and_value";

    /// <summary>The node that makes the first tokens' queries, where only they ask.</summary>
    public string Queries => Layout.Query.Name;

    /// <summary>The node that makes keys and values side by side, where only first tokens ask.</summary>
    public string KeysValues => $"{Layout.Key.Name}.and_value";

    /// <summary>The node of attention.</summary>
    public string Attention => $"{Layout.Value.Name}.attended";

    /// <summary>The node of all that follows attention.</summary>
    public string Rest => $"{Layout.Output.Name}.and_feed_forward";
}
