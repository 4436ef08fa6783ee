using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Adapters;

/// <summary>
/// Turns the targets that a user names into names for <c>target_modules</c>. A name is the checkpoint's (<c>q_lin</c>,
/// <c>attention.output.dense</c>), or that of a role, in the words of any family: <c>query</c> and <c>q_lin</c> mean the same everywhere.
/// </summary>
public static class AdapterTargets
{
    /// <summary>Every linear module; of the head's only where the head is not trained in full.</summary>
    public const string AllLinear = "all-linear";

    private static readonly (string[] Names, Func<BlockLayout, LinearLayout> Of)[] _roles =
    [
        (["query", "q_lin"], block => block.Query),
        (["key", "k_lin"], block => block.Key),
        (["value", "v_lin"], block => block.Value),
        (["output", "out_lin"], block => block.Output),
        (["up", "lin1"], block => block.Up),
        (["down", "lin2"], block => block.Down),
    ];

    /// <summary>What adapter_config.json shall list, so that peft's matching by ends of names finds the modules meant and no others.</summary>
    public static IReadOnlyList<string> Resolve(EncoderLayout layout, IReadOnlyList<string> targets, bool headIsTrained)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(targets);
        return targets.Contains(AllLinear)
            ? [.. Adaptable(layout, headIsTrained).Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct()]
            : [.. targets.SelectMany(target => Resolve(layout, target)).Distinct()];
    }

    /// <summary>The modules that targets mean, in the order of the checkpoint. peft leaves those of a head out that is saved whole.</summary>
    /// <exception cref="InputException">A target matches nothing.</exception>
    public static IReadOnlyList<string> Modules(EncoderLayout layout, IReadOnlyList<string> targets, bool headIsTrained)
    {
        var resolved = Resolve(layout, targets, headIsTrained);
        var modules = Adaptable(layout, headIsTrained).ToList();
        if (resolved.FirstOrDefault(target => !modules.Exists(module => Matches(module, target))) is { } idle)
        {
            throw layout.Linears.Any(linear => Matches(linear.Name, idle))
                ? new InputException($"the target '{idle}' is part of the head, which is trained in full.",
                    "leave it out of --targets, or train adapters alone with --method lora.")
                : new InputException($"target '{idle}' matches no linear module of the model.",
                    $"modules are {string.Join(", ", modules.Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct())}, "
                    + $"or {AllLinear}.");
        }

        return [.. modules.Where(module => resolved.Any(target => Matches(module, target)))];
    }

    private static IEnumerable<string> Adaptable(EncoderLayout layout, bool headIsTrained) =>
        layout.Linears.Except(headIsTrained ? layout.Head.Linears.Select(step => step.Linear) : []).Select(linear => linear.Name);

    private static List<string> Resolve(EncoderLayout layout, string target)
    {
        if (layout.Linears.Any(linear => Matches(linear.Name, target)) || Array.Find(_roles, role => role.Names.Contains(target)).Of is not { } role)
        {
            return [target];
        }

        // The shortest end of the name that is nobody else's; else every module in full.
        var meant = layout.Blocks.Select(block => role(block).Name).ToList();
        var ends = meant[0].Split('.');
        for (var parts = 1; parts < ends.Length; parts++)
        {
            var end = string.Join('.', ends[^parts..]);
            var found = layout.Linears.Where(linear => Matches(linear.Name, end)).Select(linear => linear.Name).ToList();
            if (found.Count == meant.Count && found.SequenceEqual(meant))
            {
                return [end];
            }
        }

        return meant;
    }

    private static bool Matches(string module, string target) => module == target || module.EndsWith($".{target}", StringComparison.Ordinal);
}
