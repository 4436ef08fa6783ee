using LoraOnnx.Model.Adapters.Kinds;

namespace LoraOnnx.Training.Engine;

/// <summary>Which linear modules get adapters, and of what kind.</summary>
internal sealed record AdapterPlan
{
    /// <summary>Full module names such as <c>distilbert.transformer.layer.0.attention.q_lin</c>; <see cref="Model.Adapters.AdapterTargets"/> makes
    /// them from short ones.</summary>
    public required IReadOnlyList<string> Modules { get; init; }

    /// <summary>Inner width of A and B, at least 1.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The update is scaled by alpha/rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Scale by alpha/sqrt(rank) instead.</summary>
    public bool UseRsLora { get; init; }

    /// <summary>The kind of all its adapters.</summary>
    public ILinearAdapter Kind { get; init; } = LinearAdapters.Lora;

    /// <summary>How A starts.</summary>
    public AdapterInitialization Initialization { get; init; }

    /// <summary>Dropout of the input of A, 0 to 1.</summary>
    public double Dropout { get; init; }

    /// <summary>LoRA+: B learns this many times faster than A; 1 is plain LoRA.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>What B·A is multiplied with.</summary>
    public double Scale => Kind.Scale(Alpha, Rank, UseRsLora);
}
