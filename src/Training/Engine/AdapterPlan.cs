using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Training.Engine;

/// <summary>How new adapters start. B is 0 either way, so that training starts from the base.</summary>
internal enum AdapterInitialization
{
    /// <summary>A uniform in ±1/sqrt(in), as <c>peft</c> does (Kaiming with a = sqrt 5).</summary>
    Peft,

    /// <summary>A from the standard normal distribution, as the published experiment does.</summary>
    Original,
}

/// <summary>Which linear modules get adapters, and of what kind.</summary>
internal sealed record AdapterPlan
{
    /// <summary>Full module names such as <c>distilbert.transformer.layer.0.attention.q_lin</c>; <see cref="ModulesMatching"/> makes them from short ones.</summary>
    public required IReadOnlyList<string> Modules { get; init; }

    /// <summary>Inner width of A and B, at least 1.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The update is scaled by alpha/rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Scale by alpha/sqrt(rank) instead.</summary>
    public bool UseRsLora { get; init; }

    /// <summary>Train a magnitude per output row beside A and B.</summary>
    public bool UseDora { get; init; }

    /// <summary>How A starts.</summary>
    public AdapterInitialization Initialization { get; init; }

    /// <summary>Dropout of the input of A, 0 to 1.</summary>
    public double Dropout { get; init; }

    /// <summary>LoRA+: B learns this many times faster than A; 1 is plain LoRA.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>What B·A is multiplied with.</summary>
    public double Scale => UseRsLora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;

    /// <summary>
    /// Linear modules whose name is, or ends with a dot and, one of <paramref name="targets"/>, as <c>peft</c> matches a list; <c>all-linear</c> means every
    /// linear module. In the order of the checkpoint.
    /// </summary>
    /// <exception cref="InputException">A target matches nothing.</exception>
    public static IReadOnlyList<string> ModulesMatching(DistilBertConfig config, IReadOnlyList<string> targets)
    {
        var all = DistilBertTensors.LinearModules(config).Select(module => module.Module).ToList();
        var idle = targets.FirstOrDefault(target => !all.Exists(module => Matches(module, target)));
        if (idle is not null)
        {
            throw new InputException($"target '{idle}' matches no linear module of the model.",
                $"modules are {string.Join(", ", DistilBertTensors.LayerLinears.Select(name => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]))}, pre_classifier, classifier, or all-linear.");
        }

        return [.. all.Where(module => targets.Any(target => Matches(module, target)))];
    }

    private static bool Matches(string module, string target) =>
        target == "all-linear" || module == target || module.EndsWith($".{target}", StringComparison.Ordinal);
}
