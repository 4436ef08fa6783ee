using Google.Protobuf;
using LoraOnnx.Model.Checkpoints;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph.OnDevice;

/// <summary>The ONNX files with which ONNX Runtime's training runtime (Microsoft.ML.OnnxRuntime.Training 1.19.2, onnxruntime-web 1.18) trains: the
/// weights are in a checkpoint beside them.</summary>
public static class OnDeviceModels
{
    /// <summary>File that gives loss, logits and gradients.</summary>
    public const string TrainingFile = "training_model.onnx";

    /// <summary>File that gives loss and logits; what is exported after training is made of it.</summary>
    public const string EvaluationFile = "eval_model.onnx";

    /// <summary>File that changes the parameters.</summary>
    public const string OptimizerFile = "optimizer_model.onnx";

    /// <summary>Writes the three files into a folder.</summary>
    public static void Write(string folder, ModelWeights weights, OnDeviceParameters parameters, OnDeviceOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(optimizer);
        var set = WeightSet.Of(weights);
        File.WriteAllBytes(Path.Combine(folder, TrainingFile), OnDeviceGraph.Training(weights.Config, set, parameters).ToByteArray());
        File.WriteAllBytes(Path.Combine(folder, EvaluationFile), OnDeviceGraph.Evaluation(weights.Config, set, parameters).ToByteArray());
        File.WriteAllBytes(Path.Combine(folder, OptimizerFile), Optimizer(optimizer));
    }

    private static byte[] Optimizer(OnDeviceOptimizer optimizer)
    {
        var graph = new GraphBuilder("adamw", OnnxModelFile.DefaultOpset);
        string[] inputs = // their names and their order are the runtime's
        [
            graph.Input("learning_rate", DataType.Float, "1"), graph.Input("step", DataType.Int64, "1"), graph.FloatsInput("params"),
            graph.FloatsInput("gradients"), graph.FloatsInput("first_order_moments"), graph.FloatsInput("second_order_moments"),
        ];
        var updated = graph.ContribNode("AdamWOptimizer", "updated", inputs, Int("adam_mode", optimizer.Mode), Float("alpha", optimizer.Beta1),
            Float("beta", optimizer.Beta2), Int("correct_bias", 1), Float("epsilon", optimizer.Epsilon),
            Float("weight_decay", optimizer.WeightDecay));
        graph.Output(updated, DataType.Bool, "1");
        return graph.Build([]).ToByteArray();
    }
}

/// <summary>Constants of AdamW; the learning rate is given at each step.</summary>
/// <param name="Mode">0: weights shrink before the update, as torch has it; 1: after it, as Hugging Face had it.</param>
/// <param name="Beta1">Decay of the mean gradient.</param>
/// <param name="Beta2">Decay of the mean squared gradient.</param>
/// <param name="Epsilon">Added to the root of the mean squared gradient.</param>
/// <param name="WeightDecay">Shrinks weights by this share of the learning rate.</param>
public sealed record OnDeviceOptimizer(int Mode, double Beta1, double Beta2, double Epsilon, double WeightDecay)
{
    /// <summary>As <c>torch.optim.AdamW</c> is without options.</summary>
    public static OnDeviceOptimizer Torch { get; } = new(0, 0.9, 0.999, 1e-8, 0.01);

    /// <summary>As <c>onnxruntime.training.artifacts</c> writes it.</summary>
    public static OnDeviceOptimizer HuggingFace { get; } = new(1, 0.9, 0.999, 1e-6, 0);
}
