using System.Text.Json.Serialization;

namespace LoraOnnx.Model;

/// <summary>Where a model computes.</summary>
public enum ComputeDevice
{
    /// <summary>The processor.</summary>
    [JsonStringEnumMemberName("cpu")]
    Cpu,

    /// <summary>The first CUDA device.</summary>
    [JsonStringEnumMemberName("cuda")]
    Cuda,
}
