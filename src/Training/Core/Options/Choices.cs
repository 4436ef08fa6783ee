using System.Text.Json.Serialization;

namespace LoraOnnx.Training.Options;

/// <summary>Where to compute.</summary>
internal enum DeviceChoice
{
    /// <summary>CUDA where there is one.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>The processor.</summary>
    [JsonStringEnumMemberName("cpu")]
    Cpu,

    /// <summary>The first CUDA device.</summary>
    [JsonStringEnumMemberName("cuda")]
    Cuda,
}

/// <summary>The type of the frozen base.</summary>
internal enum BasePrecisionChoice
{
    /// <summary>The one that the device multiplies fastest.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>32-bit float.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>bfloat16.</summary>
    [JsonStringEnumMemberName("bf16")]
    Bf16,
}

/// <summary>How validation texts are taken from the training file.</summary>
internal enum SplitKind
{
    /// <summary>The same share of every class.</summary>
    [JsonStringEnumMemberName("stratified")]
    Stratified,

    /// <summary>The texts that follow the training texts in numpy's permutation, as Hugging Face's <c>shuffle(seed)</c> and <c>select</c> take
    /// them.</summary>
    [JsonStringEnumMemberName("shuffle")]
    Shuffle,
}

/// <summary>How often texts of the classes are drawn.</summary>
internal enum Sampling
{
    /// <summary>Every text once an epoch.</summary>
    [JsonStringEnumMemberName("natural")]
    Natural,

    /// <summary>Texts of every class equally often.</summary>
    [JsonStringEnumMemberName("balanced")]
    Balanced,
}
