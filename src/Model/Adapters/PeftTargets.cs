using System.Globalization;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Adapters;

/// <summary>A linear module that an adapter config targets, with the rank and scale it gets.</summary>
internal readonly record struct PeftTarget(LinearLayout Linear, int Rank, double Scale);

/// <summary>Which modules of a model an adapter config means: the matching rules of peft 0.21 (<c>check_target_module_exists</c>,
/// <c>get_pattern_key</c>, <c>_set_trainable</c>).</summary>
internal static class PeftTargets
{
    private const string AllLinear = "all-linear";

    /// <summary>The attribute that peft takes for a classifier's output layer.</summary>
    private const string ClassifierName = "classifier";

    /// <summary>The targeted linear modules in the order of the checkpoint; <paramref name="notes"/> gets a line for each pattern of ranks or
    /// alphas that matches none of them.</summary>
    /// <exception cref="InputException">A pattern is malformed, or no module is targeted.</exception>
    public static IReadOnlyList<PeftTarget> Adapted(PeftConfig config, ModelConfig model, List<string> notes)
    {
        var isExcluded = Exclusion(config);
        var isTargeted = Selection(config);
        var ranks = new PeftPatterns<int>(config.Path, "rank_pattern", config.RankPattern, config.Rank);
        var alphas = new PeftPatterns<double>(config.Path, "alpha_pattern", config.AlphaPattern, config.Alpha);
        var targets = new List<PeftTarget>();
        foreach (var linear in model.Layout.Linears)
        {
            if (!isExcluded(linear.Name) && isTargeted(linear.Name))
            {
                var rank = ranks.Of(linear.Name);
                targets.Add(new PeftTarget(linear, rank, config.Kind.Scale(alphas.Of(linear.Name), rank, config.UseRsLora)));
            }
        }

        if (targets.Count == 0)
        {
            throw InputException.InFile(config.Path, $"'target_modules' {DescribeTargets(config)} matches no linear module of this model.",
                $"linear modules are {model.Layout.Blocks[0].Query.Name} and the like, "
                    + $"{string.Join(" and ", model.Layout.Head.Linears.Select(step => step.Linear.Name))}.");
        }

        notes.AddRange(ranks.Idle().Concat(alphas.Idle()));
        return targets;
    }

    /// <summary>
    /// Keys of all tensors in modules that are saved whole. peft matches ends of names, so <c>classifier</c> also means <c>pre_classifier</c>.
    /// </summary>
    public static IReadOnlySet<string> SavedTensors(PeftConfig config, ModelConfig model)
    {
        var prefixes = model.Layout.ModuleNames
            .Where(module => config.ModulesToSave.Any(end => module.EndsWith(end, StringComparison.Ordinal)))
            .Select(module => module + ".").ToList();
        return model.Layout.Tensors.Select(spec => spec.Key)
            .Where(key => prefixes.Exists(prefix => key.StartsWith(prefix, StringComparison.Ordinal)))
            .ToHashSet(StringComparer.Ordinal);
    }

    public static string DescribeTargets(PeftConfig config) => config.TargetPattern is { } pattern
        ? $"'{pattern}'"
        : $"[{string.Join(", ", config.TargetModules!.Take(8))}]";

    private static Predicate<string> Exclusion(PeftConfig config)
    {
        var pattern = config.ExcludePattern is { Length: > 0 } text
            ? PythonPattern.Compile(config.Path, "exclude_modules", text, @"\A(?:", @")\z")
            : null;
        var saved = config.ModulesToSave.Select(name => PythonPattern.Compile(config.Path, "modules_to_save", name, @"\A(?:(^|.*\.)", @"($|\..*))"))
            .ToList();
        return module =>
            (pattern is not null && PythonPattern.MatchOf(pattern, config.Path, "exclude_modules", module).Success)
            || NamesOrEnds(config.ExcludeModules, module)
            || saved.Exists(regex => PythonPattern.MatchOf(regex, config.Path, "modules_to_save", module).Success);
    }

    private static Predicate<string> Selection(PeftConfig config)
    {
        if (config.TargetPattern is not { } text)
        {
            var isInLayers = LayerFilter(config);
            return module => config.TargetModules!.Contains(module, StringComparer.Ordinal)
                || (NamesOrEnds(config.TargetModules!, module) && isInLayers(module));
        }

        if (text.Equals(AllLinear, StringComparison.OrdinalIgnoreCase))
        {
            return module => !(config.IsClassification && module == ClassifierName);
        }

        var pattern = PythonPattern.Compile(config.Path, "target_modules", text, @"\A(?:", @")\z");
        return module => PythonPattern.MatchOf(pattern, config.Path, "target_modules", module).Success;
    }

    /// <summary>Layers named by a suffix are limited to <c>layers_to_transform</c>; modules named in full are not.</summary>
    private static Predicate<string> LayerFilter(PeftConfig config)
    {
        if (config.LayersToTransform is not { Count: > 0 } layers)
        {
            return _ => true;
        }

        var patterns = (config.LayersPattern.Count == 0 ? [@"[^.]*"] : config.LayersPattern)
            .Select(name => PythonPattern.Compile(config.Path, "layers_pattern", name, @"\A(?:.*?\.", @"\.(\d+)\.)")).ToList();
        return module =>
        {
            var match = patterns.Select(regex => PythonPattern.MatchOf(regex, config.Path, "layers_pattern", module))
                .FirstOrDefault(match => match.Success);
            if (match is null)
            {
                return false;
            }

            return int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
                ? layers.Contains(layer)
                : throw InputException.InFile(
                    config.Path, $"'layers_pattern' finds '{match.Groups[1].Value}' in '{module}', expected the number of a layer.",
                    "a pattern may not have groups of its own.");
        };
    }

    private static bool NamesOrEnds(IReadOnlyList<string> names, string module) =>
        names.Any(name => module == name || module.EndsWith("." + name, StringComparison.Ordinal));
}
