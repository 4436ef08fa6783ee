using System.Diagnostics;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Steps;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Inference.Operators;

/// <summary>The operators of the blocks of a <see cref="KernelModel"/>; weights are rounded and laid out when they are made.</summary>
internal static class BlockOperators
{
    /// <summary>All operators that the graph names, but for the change behind the embeddings' norm.</summary>
    /// <param name="model">The graph, and the weights beside it.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="kernels">What computes.</param>
    /// <param name="changes">What adapters change, where the graph takes some.</param>
    public static IEnumerable<IOperator> Of(KernelModel model, ModelConfig config, KernelSet kernels, PlannedChanges? changes = null)
    {
        var shape = config.Shape;
        var attention = kernels.Attention(shape.Heads, shape.HeadWidth, config.MaxTokens);
        foreach (var block in model.Blocks)
        {
            var layout = block.Layout;
            if (block.FirstTokensOnly)
            {
                yield return Linear(block.Queries, layout.Query);
                yield return Linear(block.KeysValues, layout.Key, layout.Value);
            }
            else
            {
                yield return Linear(block.QueriesKeysValues, layout.Query, layout.Key, layout.Value);
            }

            yield return new AttentionOperator(block.Attention, attention, block.FirstTokensOnly);
            yield return new BlockOperator(block.Rest, KernelSet.Block(
                Weights(layout.Output), Norm(block, layout.AttentionNorm, shape), Weights(layout.Up), Of(shape.Activation),
                Weights(layout.Down), Norm(block, layout.OutputNorm, shape)), layout, changes);

            LinearOperator Linear(string name, params IReadOnlyList<LinearLayout> linears) => new(name, KernelSet.Linear(Weights(linears)), changes,
                [.. linears.Select((linear, place) => (linear.Name, linears.Take(place).Sum(before => before.Out)))]);

            PackedWeights Weights(params IReadOnlyList<LinearLayout> linears) => BlockOperators.Weights(kernels, block, linears);
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

    /// <summary>One linear whose outputs are those of several, side by side; in 8 bits where all of them are.</summary>
    private static PackedWeights Weights(KernelSet kernels, KernelBlock block, IReadOnlyList<LinearLayout> linears)
    {
        var bias = Joined(linears.Select(linear => block.Tensor(linear.Bias)));
        List<RoundedMatrix> rounded = [.. linears.Select(linear => block.Rounded(linear.Weight)).OfType<RoundedMatrix>()];
        return rounded.Count < linears.Count || rounded.Any(matrix => !matrix.Smoothing.Span.SequenceEqual(rounded[0].Smoothing.Span))
            ? kernels.Weights(new LinearTensors(Joined(linears.Select(linear => block.Tensor(linear.Weight))), bias))
            : kernels.Weights(new CodedTensors(
                Joined(rounded.Select(matrix => matrix.Codes)), Joined(rounded.Select(matrix => matrix.Factors)), bias, rounded[0].Smoothing,
                linears[0].Name == block.Layout.Down.Name));
    }

    private static T[] Joined<T>(IEnumerable<ReadOnlyMemory<T>> parts)
    {
        ReadOnlyMemory<T>[] all = [.. parts];
        var joined = new T[all.Sum(part => part.Length)];
        var place = 0;
        foreach (var part in all)
        {
            part.CopyTo(joined.AsMemory(place));
            place += part.Length;
        }

        return joined;
    }
}
