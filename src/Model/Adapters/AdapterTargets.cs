using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;

namespace LoraOnnx.Model.Adapters;

/// <summary>
/// Turns the targets that a user names into names for <c>target_modules</c>. A name is the checkpoint's (<c>q_lin</c>,
/// <c>attention.output.dense</c>), or that of a role, in the words of any family: <c>query</c> and <c>q_lin</c> mean the same everywhere.
/// </summary>
public static class AdapterTargets
{
    /// <summary>Every linear module; of the head's only where the head is not trained in full.</summary>
    public const string AllLinear = "all-linear";

    /// <summary>In the order of <see cref="BlockLayout.Linears"/>.</summary>
    private static readonly string[] _roles = ["query", "key", "value", "output", "up", "down"];

    private static readonly (int Place, string? Name)[] _names =
        [.. EncoderFamilies.All.Select(family => family.LinearNames).Prepend(_roles).SelectMany(names => names.Index())];

    /// <summary>Where adapters go unless somebody says otherwise.</summary>
    public static IReadOnlyList<string> Default => _roles[..3];

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
        if (layout.Linears.Any(linear => Matches(linear.Name, target))
            || Array.Find(_names, name => name.Name == target) is not { Name: not null } role)
        {
            return [target];
        }

        // The shortest end of the name that is nobody else's; else every module in full.
        var meant = layout.Blocks.Select(block => block.Linears[role.Place].Name).ToList();
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
