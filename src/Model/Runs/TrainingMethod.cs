using System.Text.Json.Serialization;

namespace LoraOnnx.Model.Runs;

/// <summary>What is trained.</summary>
public enum TrainingMethod
{
    /// <summary>Low-rank adapters; the head stays as it is.</summary>
    [JsonStringEnumMemberName("lora")]
    Lora,

    /// <summary>The classification head on a frozen encoder.</summary>
    [JsonStringEnumMemberName("head")]
    Head,

    /// <summary>Adapters and head: together, or one after the other when each has its epochs.</summary>
    [JsonStringEnumMemberName("lora+head")]
    LoraAndHead,
}
