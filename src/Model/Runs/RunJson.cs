using System.Text.Json.Serialization;

namespace LoraOnnx.Model.Runs;

/// <summary>The JSON of a run's files, by code that the compiler generates: programs that are trimmed or compiled ahead of time read them
/// too.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(Values.ValueRuns))]
[JsonSerializable(typeof(float[][]))]
internal sealed partial class RunJson : JsonSerializerContext;
