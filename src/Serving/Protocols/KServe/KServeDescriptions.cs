using LoraOnnx.Serving.Models;
using TritonInference;
using ModelMetrics = LoraOnnx.Serving.Telemetry.ModelMetrics;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>Models, and what became of their calls, in the words of KServe and Triton.</summary>
internal static class KServeDescriptions
{
    private const string Platform = "onnx_onnxv1";
    private const string Backend = "onnxruntime";

    public static ServerMetadataResponse Server() => new()
    {
        Name = ServingSetup.ServerName,
        Version = ToolVersion.Text,
        Extensions = { "classification", "schedule_policy", "model_repository", "model_configuration", "binary_tensor_data", "parameters",
            "statistics" },
    };

    /// <summary>All versions of a name are listed with each of them.</summary>
    public static ModelMetadataResponse Metadata(ServedModel model, IEnumerable<string> versions)
    {
        var labels = model.Description.Task.Labels.Count;
        return new ModelMetadataResponse
        {
            Name = model.Name,
            Versions = { versions },
            Platform = Platform,
            Inputs =
            {
                Tensor(InferInputs.Text, "BYTES", -1, 1), Tensor(InferInputs.InputIds, "INT64", -1, -1),
                    Tensor(InferInputs.AttentionMask, "INT64", -1, -1),
            },
            Outputs =
            {
                Tensor(InferResponse.Logits, "FP32", -1, labels), Tensor(InferResponse.Scores, "FP32", -1, labels),
                    Tensor(InferResponse.Label, "BYTES", -1, 1),
            },
        };
    }

    /// <summary>Inputs are optional because either the text or the ids are given.</summary>
    public static ModelConfig Config(ServedModel model, int maxBatchTexts)
    {
        var labels = model.Description.Task.Labels.Count;
        return new ModelConfig
        {
            Name = model.Name,
            Platform = Platform,
            Backend = Backend,
            MaxBatchSize = maxBatchTexts,
            Input =
            {
                Input(InferInputs.Text, DataType.TypeString, 1), Input(InferInputs.InputIds, DataType.TypeInt64, -1),
                    Input(InferInputs.AttentionMask, DataType.TypeInt64, -1),
            },
            Output =
            {
                Output(InferResponse.Logits, DataType.TypeFp32, labels),
                Output(InferResponse.Scores, DataType.TypeFp32, labels),
                Output(InferResponse.Label, DataType.TypeString, 1),
            },
            DynamicBatching = new ModelDynamicBatching(),
            Parameters = { model.Description.Metadata.ToDictionary(
                note => note.Key, note => new ModelParameter { StringValue = MachinePaths.Cut(note.Value) }) },
        };
    }

    public static ModelStatistics Statistics(ServedModel model)
    {
        var sums = model.Metrics.Read();
        var statistics = new ModelStatistics
        {
            Name = model.Name,
            Version = model.Version,
            LastInference = (ulong)Math.Max(0, sums.LastAnswer.ToUnixTimeMilliseconds()),
            InferenceCount = (ulong)sums.Answered.Count,
            ExecutionCount = (ulong)sums.Batches.Values.Sum(batch => batch.Count),
            InferenceStats = new InferStatistics
            {
                Success = Duration(sums.Answered),
                Fail = Duration(sums.Refused),
                Queue = Duration(sums.Queue),
                ComputeInput = Duration(sums.Tokenize),
                ComputeInfer = Duration(sums.Infer),
                ComputeOutput = Unmeasured(sums.Infer),
                CacheHit = Duration(sums.Shared),
                CacheMiss = new StatisticDuration(),
            },
        };
        statistics.BatchStats.AddRange(sums.Batches.Select(batch => new InferBatchStatistics
        {
            BatchSize = (ulong)batch.Key,
            ComputeInput = Unmeasured(batch.Value),
            ComputeInfer = Duration(batch.Value),
            ComputeOutput = Unmeasured(batch.Value),
        }));
        return statistics;
    }

    private static ModelMetadataResponse.Types.TensorMetadata Tensor(string name, string datatype, params long[] shape) =>
        new() { Name = name, Datatype = datatype, Shape = { shape } };

    private static ModelInput Input(string name, DataType type, params long[] dimensions) =>
        new() { Name = name, DataType = type, Dims = { dimensions }, Optional = true };

    private static ModelOutput Output(string name, DataType type, params long[] dimensions) =>
        new() { Name = name, DataType = type, Dims = { dimensions } };

    /// <summary>A stage that takes no time worth measuring; perf_analyzer wants the stages' counts to be the same.</summary>
    private static StatisticDuration Unmeasured(ModelMetrics.Sum sum) => new() { Count = (ulong)sum.Count };

    private static StatisticDuration Duration(ModelMetrics.Sum sum) =>
        new() { Count = (ulong)sum.Count, Ns = (ulong)Math.Max(0, sum.Time.TotalNanoseconds) };
}
