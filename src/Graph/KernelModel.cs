using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// The serving-shaped model whose blocks are one operator of <see cref="PackedInputs.KernelDomain"/>: embeddings and head are nodes with fp32
/// weights, the blocks' weights stand beside the graph. Attention needs no padding, so texts of any lengths share a run.
/// </summary>
public sealed class KernelModel
{
    private KernelModel(byte[] graph, IReadOnlyList<KernelBlock> blocks) => (Graph, Blocks) = (graph, blocks);

    /// <summary>Inputs, in order: as in <see cref="PackedInputs"/>, without what says where padding is.</summary>
    public static readonly IReadOnlyList<string> Inputs = [PackedInputs.Ids, PackedInputs.Positions, PackedInputs.Lengths];

    /// <summary>The operator: inputs are the rows of all tokens, the lengths of the texts and, where it takes adapters, the number of the run's plan;
    /// the output has a row a text, its first token's.</summary>
    public const string Encoder = "encoder";

    /// <summary>The graph for a session that knows the operators.</summary>
    public byte[] Graph { get; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<KernelBlock> Blocks { get; }

    /// <summary>The model of weights in memory, in a precision.</summary>
    public static KernelModel Of(ModelWeights weights, Precision precision = Precision.Bf16, RoundingPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Of(weights.Config, WeightSet.OnCpu(weights, precision, plan), takesVariants: false);
    }

    /// <summary>The model of weights that the precision can be made of. Matrices that stay in fp32 there are for products in bf16.</summary>
    internal static KernelModel Of(ModelConfig config, WeightSet from, Precision precision) =>
        Of(config, from.To(PrecisionName.OnCpu(precision), config), takesVariants: false);

    /// <summary>The model of weights as they are, with what takes adapters (<see cref="VariantNodes"/>) or without.</summary>
    internal static KernelModel Of(ModelConfig config, WeightSet weights, bool takesVariants)
    {
        KernelBlock[] blocks =
        [
            .. config.Layout.Blocks.Select(block => new KernelBlock(block, key => weights.Values(key, config), key => weights.Rounded(key, config))),
        ];
        return new KernelModel(Build(config, weights, takesVariants).ToByteArray(), blocks);
    }

    // Letters: B texts, T tokens of all texts, H width of the hidden state.
    private static ModelProto Build(ModelConfig config, WeightSet weights, bool takesVariants)
    {
        var graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-kernels", OnnxModelFile.DefaultOpset);
        // The last input of an operator that changes rows.
        string[] plan = takesVariants ? [graph.Input(VariantNodes.Plan, DataType.Int32, "1")] : [];
        var nodes = new EncoderNodes(graph, config.Layout, weights, plan.FirstOrDefault());
        var ids = graph.Input(PackedInputs.Ids, DataType.Int32, "tokens");
        var positions = graph.Input(PackedInputs.Positions, DataType.Int32, "tokens");
        var lengths = graph.Input(PackedInputs.Lengths, DataType.Int32, "texts");

        var embeddings = config.Layout.Embeddings;
        var words = graph.Node("Gather", "/embeddings/words", [nodes.Weight(embeddings.Words.Key), ids]);
        var places = graph.Node("Gather", "/embeddings/positions", [nodes.Weight(embeddings.Positions.Key), positions]);
        var x = nodes.Norm(nodes.EmbeddingSum(words, places), embeddings.Norm); // [T, H]
        x = graph.KernelNode(Encoder, [x, lengths, .. plan]); // [B, H]
        graph.Output(nodes.Head(x), DataType.Float, "texts", $"{config.Task.Labels.Count}");
        if (takesVariants)
        {
            graph.Output(graph.Node("Identity", VariantNodes.States, [x]), DataType.Float, "texts", $"{config.Shape.Width}");
        }

        return graph.Build([]);
    }
}
