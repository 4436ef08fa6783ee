using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>What <c>--precision</c> takes, in every program that runs ONNX files and in the library.</summary>
public static class PrecisionRule
{
    /// <summary>Exact: the numbers that were proven, as the file has them. The default.</summary>
    public const string Auto = "auto";

    /// <summary>The fastest form that passes its accuracy gate on this processor.</summary>
    public const string Fast = "fast";

    /// <summary>Everything that can be asked for.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto, Fast, .. EnumNames.All<Precision>()];

    /// <summary>For the help of an option.</summary>
    public const string Help = "What the layers compute in. auto: exact, as the file has it (model.onnx: fp32). fast: the fastest of int8-dynamic, "
        + "bf16 and int8 that passes its accuracy gate on this processor, else auto. A line says which and why. bf16, int8 and int8-dynamic are made "
        + "of model.onnx on load, the 8-bit ones behind the gate, where no such file is there.";
}
