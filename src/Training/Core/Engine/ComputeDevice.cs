using System.Text.Json.Serialization;

namespace LoraOnnx.Training.Engine;

/// <summary>Where training computes.</summary>
internal enum ComputeDevice
{
    /// <summary>The processor.</summary>
    [JsonStringEnumMemberName("cpu")]
    Cpu,

    /// <summary>The first CUDA device.</summary>
    [JsonStringEnumMemberName("cuda")]
    Cuda,
}
