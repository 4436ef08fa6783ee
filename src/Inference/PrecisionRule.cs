using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>What <c>--precision</c> takes, in every program that runs ONNX files and in the library: <see cref="Auto"/>, <see cref="Fast"/> or one
/// precision.</summary>
public sealed record PrecisionRule
{
    /// <summary>For the help of an option.</summary>
    public const string Help = "What the layers compute in. auto: exact, as the file has it (model.onnx: fp32). fast: the fastest of int8-dynamic, "
        + "bf16 and int8 that passes its accuracy gate on this processor, else auto. A line says which and why. bf16, int8 and int8-dynamic are made "
        + "of model.onnx on load, the 8-bit ones behind the gate, where no such file is there.";

    private readonly string _name;

    private PrecisionRule(string name, Precision? precision) => (_name, Precision) = (name, precision);

    /// <summary>Exact: the numbers that were proven, as the file has them. The default.</summary>
    public static PrecisionRule Auto { get; } = new("auto", null);

    /// <summary>The fastest form that passes its accuracy gate on this processor.</summary>
    public static PrecisionRule Fast { get; } = new("fast", null);

    /// <summary>Everything that can be asked for, as it is written.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto._name, Fast._name, .. EnumNames.All<Precision>()];

    /// <summary>The one that is asked for; null where the rule finds it.</summary>
    public Precision? Precision { get; }

    /// <summary>This precision and no other.</summary>
    public static PrecisionRule Of(Precision precision) => new(EnumNames.Of(precision), precision);

    /// <summary>The rule of a name.</summary>
    /// <exception cref="InputException">There is no such rule.</exception>
    public static PrecisionRule Parse(string name) => name == Auto._name ? Auto
        : name == Fast._name ? Fast
        : EnumNames.Parse<Precision>(name) is { } precision ? Of(precision)
        : throw new InputException($"precision is '{name}', expected {string.Join(", ", Names)}.");

    /// <summary>As it is written.</summary>
    public override string ToString() => _name;
}
