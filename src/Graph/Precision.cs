using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using LoraOnnx.Graph.Forms;
using LoraOnnx.Graph.Rounding;

namespace LoraOnnx.Graph;

/// <summary>How a file keeps the weights of its layers.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name",
    Justification = "int8 is what everybody calls it, command line and file names included.")]
public enum Precision
{
    /// <summary>As trained; every number is proven.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>Everything in half precision: for GPUs. A CPU widens it again.</summary>
    [JsonStringEnumMemberName("fp16")]
    Fp16,

    /// <summary>8-bit weights in blocks of 64; activations are rounded block by block, so a text's logits do not depend on its batch.</summary>
    [JsonStringEnumMemberName("int8")]
    Int8,

    /// <summary>8-bit weights with a scale for each output, activations with one for each token, found while it runs: faster than <see cref="Int8"/>
    /// and less exact.</summary>
    [JsonStringEnumMemberName("int8-dynamic")]
    Int8Dynamic,

    /// <summary>Layers and attention in bf16 on processors with AVX512-BF16: the weights of an fp32 or fp16 file, rounded when it is loaded. Never a
    /// file of its own.</summary>
    [JsonStringEnumMemberName("bf16")]
    Bf16,
}

/// <summary>What is asked for by name, and what can be had.</summary>
public static class PrecisionName
{
    /// <summary>The precisions that a file can be in.</summary>
    public static IReadOnlyList<string> OfFiles { get; } =
        [.. WeightForm.All.Where(form => form.IsOfFiles).Select(form => EnumNames.Of(form.Precision))];

    /// <summary>Whether weights in <paramref name="wanted"/> can be made of weights in <paramref name="from"/>: 8-bit codes are the end of the
    /// road.</summary>
    public static bool CanMake(Precision wanted, Precision from) => wanted == from || WeightForm.Of(from).IsSource;

    /// <summary>In which the graphs of a CPU take the weights of a precision.</summary>
    public static Precision OnCpu(Precision precision) => WeightForm.Of(precision).OnCpu;

    /// <summary>Whether a precision keeps the matrices of layers in 8 bits.</summary>
    public static bool IsRounded(Precision precision) => RoundedForm.Of(precision) is not null;

    /// <summary>Whether a precision can take smoothed inputs (<see cref="RoundingPlan.Smoothing"/>).</summary>
    public static bool TakesSmoothing(Precision precision) => WeightForm.Of(precision).TakesSmoothing;

    /// <summary>The precision of a name.</summary>
    /// <exception cref="InputException">There is no such precision.</exception>
    public static Precision Parse(string name) =>
        EnumNames.Parse<Precision>(name)
            ?? throw new InputException($"precision is '{name}', expected {string.Join(", ", EnumNames.All<Precision>())}.");
}
