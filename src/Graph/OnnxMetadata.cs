using System.Globalization;
using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Graph;

/// <summary>The <c>metadata_props</c> of an ONNX file: what it was made from and how it was proven.</summary>
public static class OnnxMetadata
{
    /// <summary>Version of the tool that wrote the file.</summary>
    public const string Tool = "lora_onnx.tool_version";

    /// <summary>The base as the user named it.</summary>
    public const string BaseModel = "lora_onnx.base_model";

    /// <summary>SHA-256 of the base's weight files.</summary>
    public const string BaseHash = "lora_onnx.base_hash";

    /// <summary>SHA-256 of each adapter's tensor file, comma-separated; absent without adapters.</summary>
    public const string AdapterHashes = "lora_onnx.adapter_hashes";

    /// <summary>Weight of each adapter in the sum, comma-separated.</summary>
    public const string AdapterWeights = "lora_onnx.adapter_weights";

    /// <summary>SHA-256 of the head's file, where a head of its own was put on.</summary>
    public const string HeadHash = "lora_onnx.head_hash";

    /// <summary><see cref="Raw"/>, or the <see cref="TrainingMethod"/> of what was put on.</summary>
    public const string Method = "lora_onnx.method";

    /// <summary>The base as it is.</summary>
    public const string Raw = "raw";

    /// <summary>Rank of the adapters' modules; several values comma-separated.</summary>
    public const string Rank = "lora_onnx.rank";

    /// <summary>Alpha as trained, where a run says it.</summary>
    public const string Alpha = "lora_onnx.alpha";

    /// <summary>What --scale multiplied the adapters by.</summary>
    public const string Scale = "lora_onnx.scale";

    /// <summary>F1 of the run's kept weights in fp32, 0 to 1, where a run says it.</summary>
    public const string F1 = "lora_onnx.f1";

    /// <summary>The texts on which <see cref="F1"/> was measured.</summary>
    public const string F1Texts = "lora_onnx.f1_texts";

    /// <summary><c>fp32</c>, <c>fp16</c>, <c>int8</c> or <c>int8-dynamic</c>.</summary>
    public const string Precision = "lora_onnx.precision";

    /// <summary>Keys of the matrices that an 8-bit file keeps in fp32 so that it passes its gate, comma-separated; absent where there are
    /// none.</summary>
    public const string ExactMatrices = "lora_onnx.fp32_matrices";

    /// <summary>Longest input in tokens that the model was trained with.</summary>
    public const string MaxLength = "lora_onnx.max_length";

    /// <summary>Which part of a longer text is kept: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
    public const string Truncate = "lora_onnx.truncate";

    /// <summary>What was shown for this very file: <see cref="ProofPassed"/>, <see cref="GatePassed"/> or <see cref="NothingShown"/>.</summary>
    public const string Verification = "lora_onnx.verification";

    /// <summary>The fp32 file gave the logits of the unmerged adapter.</summary>
    public const string ProofPassed = "passed";

    /// <summary>A file in fewer bits gave the answers of the fp32 file within the limits of the accuracy gate; it is not equal.</summary>
    public const string GatePassed = "gate passed";

    /// <summary>The file was written without a proof (--no-verify).</summary>
    public const string NothingShown = "skipped";

    /// <summary>Number of texts of the proof or gate.</summary>
    public const string VerificationTexts = "lora_onnx.verification_texts";

    /// <summary>Which texts: <c>embedded</c>, the name of a file of texts, or both.</summary>
    public const string VerificationSample = "lora_onnx.verification_sample";

    /// <summary>The CPU's instructions with which proof or gate ran.</summary>
    public const string VerificationCpu = "lora_onnx.verification_cpu";

    /// <summary>Largest absolute difference of a logit in the proof.</summary>
    public const string VerificationDifference = "lora_onnx.verification_largest_difference";

    /// <summary>The largest difference that the proof allowed: the rounding of fp32 at these weights.</summary>
    public const string VerificationTolerance = "lora_onnx.verification_tolerance";

    /// <summary>Share of texts with the same answer in the gate, 0 to 1.</summary>
    public const string GateAgreement = "lora_onnx.gate_label_agreement";

    /// <summary>Mean change of a probability in the gate.</summary>
    public const string GateMeanChange = "lora_onnx.gate_mean_probability_change";

    /// <summary>SHA-256 of the graph (<see cref="GraphIdentity"/>): what it computes, without the weights' numbers.</summary>
    public const string GraphHash = "lora_onnx.graph_hash";

    /// <summary>Sizes of the encoder that the graph computes.</summary>
    public const string Shape = "lora_onnx.shape";

    /// <summary>Activation of its feed-forward parts.</summary>
    public const string Activation = "lora_onnx.activation";

    /// <summary>Parameters that training changed, where a run says it.</summary>
    public const string TrainedParameters = "lora_onnx.trained_parameters";

    /// <summary>Wall time of training in seconds, where a run says it.</summary>
    public const string TrainingSeconds = "lora_onnx.training_seconds";

    /// <summary>Real tokens trained on, over all epochs, where a run says it.</summary>
    public const string TrainedTokens = "lora_onnx.trained_tokens";

    /// <summary>Adds entries to a model file that is already written: a protobuf message followed by another is their merge, so the graph's bytes
    /// stay as they are.</summary>
    public static void Append(Stream modelFile, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        ArgumentNullException.ThrowIfNull(modelFile);
        modelFile.Seek(0, SeekOrigin.End);
        new ModelProto { MetadataProps = { ToProto(metadata) } }.WriteTo(modelFile);
    }

    /// <summary>The <see cref="Method"/> of a base with what was put on it.</summary>
    public static string MethodOf(bool adapters, bool head) =>
        !adapters && !head ? Raw : EnumNames.Of(!head ? TrainingMethod.Lora : adapters ? TrainingMethod.LoraAndHead : TrainingMethod.Head);

    /// <summary>What a graph for this configuration says of itself.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> OfGraph(ModelConfig config) =>
    [
        new(Shape, string.Create(CultureInfo.InvariantCulture,
            $"{config.Family.ModelType}, blocks {config.Shape.Blocks}, width {config.Shape.Width}, heads {config.Shape.Heads}, up "
                + $"{config.Shape.UpWidth}, "
            + $"vocabulary {config.Shape.Vocabulary}, positions {config.Shape.Positions}, epsilon {config.Shape.NormEpsilon}, labels "
            + $"{config.Task.Labels.Count}")),
        new(Activation, config.Shape.Activation.ToString().ToLowerInvariant()),
    ];

    internal static IEnumerable<StringStringEntryProto> ToProto(IEnumerable<KeyValuePair<string, string>> metadata) =>
        metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value });
}
