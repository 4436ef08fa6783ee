using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;

namespace LoraOnnx.Model.Adapters;

/// <summary>How an adapter was trained: what adapter_config.json says of it.</summary>
public sealed record PeftAdapterSettings
{
    /// <summary>The base's family.</summary>
    public required EncoderFamily Family { get; init; }

    /// <summary>Inner width of A and B, for all modules.</summary>
    public required int Rank { get; init; }

    /// <summary>The adapter's output is multiplied by alpha/rank (alpha/sqrt(rank) with <see cref="UseRsLora"/>).</summary>
    public required double Alpha { get; init; }

    /// <summary>Names of the adapted modules, such as <c>q_lin</c>, in the order in which they shall be listed.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Scale by alpha/sqrt(rank).</summary>
    public bool UseRsLora { get; init; }

    /// <summary>The kind of all modules.</summary>
    public ILinearAdapter Kind { get; init; } = LinearAdapters.Lora;

    /// <summary>Dropout on the input of A in training, 0 to 1.</summary>
    public double Dropout { get; init; }

    /// <summary>The head that was trained too, or null: its tensors are the adapter's replacements, and the adapter is one for sequence
    /// classification.</summary>
    public HeadLayout? TrainedHead { get; init; }

    /// <summary>The base as the user named it; peft loads it from there.</summary>
    public string? BaseModelNameOrPath { get; init; }

    /// <summary>The name peft has for how A was initialised, such as <c>gaussian</c>; null for its default.</summary>
    public string? Initialisation { get; init; }
}
