using System.Diagnostics;
using LoraOnnx.Graph;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Steps;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Inference.Operators;

/// <summary>The operators of the blocks of a <see cref="KernelModel"/>; weights are rounded and laid out when they are made.</summary>
internal static class BlockOperators
{
    /// <summary>All operators that the graph names.</summary>
    public static IEnumerable<IOperator> Of(KernelModel model, ModelConfig config, KernelSet kernels)
    {
        var shape = config.Shape;
        var attention = kernels.Attention(shape.Heads, shape.HeadWidth, config.MaxTokens);
        foreach (var block in model.Blocks)
        {
            var layout = block.Layout;
            if (block.FirstTokensOnly)
            {
                yield return new LinearOperator(block.Queries, kernels.Linear(Stacked(block, layout.Query)));
                yield return new LinearOperator(block.KeysValues, kernels.Linear(Stacked(block, layout.Key, layout.Value)));
            }
            else
            {
                yield return new LinearOperator(block.QueriesKeysValues, kernels.Linear(Stacked(block, layout.Query, layout.Key, layout.Value)));
            }

            yield return new AttentionOperator(block.Attention, attention, block.FirstTokensOnly);
            yield return new BlockOperator(block.Rest, kernels.Block(
                Stacked(block, layout.Output), Norm(block, layout.AttentionNorm, shape),
                Stacked(block, layout.Up), Of(shape.Activation), Stacked(block, layout.Down), Norm(block, layout.OutputNorm, shape)));
        }
    }

    private static LinearActivation Of(Activation activation) => activation switch
    {
        Activation.Gelu => LinearActivation.Gelu,
        Activation.GeluTanh => LinearActivation.GeluTanh,
        Activation.Relu => LinearActivation.Relu,
        _ => throw new UnreachableException($"A block has the activation {activation}. This is a bug."),
    };

    private static NormTensors Norm(KernelBlock block, NormLayout norm, EncoderShape shape) =>
        new(block.Tensor(norm.Weight), block.Tensor(norm.Bias), shape.NormEpsilon);

    /// <summary>One linear whose outputs are those of several, side by side.</summary>
    private static LinearTensors Stacked(KernelBlock block, params IReadOnlyList<LinearLayout> linears) =>
        new(Joined(linears.Select(linear => block.Tensor(linear.Weight))), Joined(linears.Select(linear => block.Tensor(linear.Bias))));

    private static float[] Joined(IEnumerable<ReadOnlyMemory<float>> parts) => [.. parts.SelectMany(part => part.ToArray())];
}
