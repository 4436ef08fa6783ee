using System.Text.Json.Serialization;

namespace LoraOnnx.Training.Engine;

/// <summary>The type in which the frozen base computes. Adapters, head, loss and optimizer are fp32 either way.</summary>
internal enum BasePrecision
{
    /// <summary>32-bit float.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>bfloat16: fast with AVX512-BF16, AMX-BF16 or on a GPU.</summary>
    [JsonStringEnumMemberName("bf16")]
    Bf16,

    /// <summary>32-bit float whose products a GPU takes in TF32; the GPU benchmark's, no option of lora-train.</summary>
    [JsonStringEnumMemberName("tf32")]
    Tf32,
}
