using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph;

/// <summary>
/// What a graph takes from adapters at run time, as optional inputs: for each adapted module A [in, rank] and B [rank, out], which add x·A·B to its
/// rows; and tensors of the checkpoint that adapters replace, under their keys. Without an adapter the graph is the base.
/// </summary>
/// <param name="Modules">Names of the adapted linears.</param>
/// <param name="Replaced">Keys of the tensors that an adapter may replace.</param>
public sealed record AdapterSlots(IReadOnlySet<string> Modules, IReadOnlySet<string> Replaced)
{
    /// <summary>The axis of labels, whose number is an adapter's own.</summary>
    internal const string Labels = "labels";

    /// <summary>The input for a module's A, [in, rank].</summary>
    public static string A(string module) => $"{module}.lora_A";

    /// <summary>The input for a module's B, [rank, out]; the adapter's scale is in it.</summary>
    public static string B(string module) => $"{module}.lora_B";

    /// <summary>Adds the inputs. What they are without an adapter: a rank of 1 that adds zeros, and the base's tensors.</summary>
    internal void AddInputs(GraphBuilder graph, EncoderLayout layout, WeightSet weights)
    {
        foreach (var linear in layout.Blocks.SelectMany(block => block.Linears).Concat(VariantNodes.Head(layout).Select(step => step.Linear))
            .Where(linear => Modules.Contains(linear.Name)))
        {
            graph.OptionalInput(Zeros(A(linear.Name), linear.In, 1), $"{linear.In}", Rank(linear.Name));
            graph.OptionalInput(Zeros(B(linear.Name), 1, linear.Out), Rank(linear.Name), $"{linear.Out}");
        }

        foreach (var tensor in weights.All.Where(tensor => Replaced.Contains(tensor.Name)))
        {
            string[] axes = [.. tensor.Dims.Select(length => $"{length}")];
            axes[0] = layout.Head.Last.Weight == tensor.Name || layout.Head.Last.Bias == tensor.Name ? Labels : axes[0];
            graph.OptionalInput(tensor, axes);
        }
    }

    private static string Rank(string module) => $"{module}.rank";

    private static TensorProto Zeros(string name, params long[] axes) =>
        Tensors.Create(name, TensorProto.Types.DataType.Float, new float[axes[0] * axes[1]], axes);
}
