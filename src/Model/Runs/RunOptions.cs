using System.Globalization;
using System.Text.Json;

namespace LoraOnnx.Model.Runs;

/// <summary>An option of lora-train and what it came to in a run.</summary>
/// <param name="Key">Its name in run.json.</param>
/// <param name="Name">Its name on the command line, without the dashes.</param>
/// <param name="Value">What was in effect; null where it had no effect, such as a rank where no adapters are trained, or is not known.</param>
/// <param name="Given">What run.json keeps of the command line; JSON null where the choice was left to the program.</param>
public sealed record RunOption(string Key, string Name, string? Value, JsonElement Given);

/// <summary>The options of a run by their names on the command line, with the values that run.json's 'effective' has.</summary>
public static class RunOptions
{
    private const string Adapters = "adapters";
    private const string Phases = "phases";

    /// <summary>Options whose name on the command line is not that in run.json.</summary>
    private static readonly Dictionary<string, string> _names = new() { ["learning_rate"] = "lr", ["head_learning_rate"] = "lr-head" };

    /// <summary>Where 'effective' has an option that is not at its top.</summary>
    private static readonly Dictionary<string, string[]> _places = new()
    {
        ["rank"] = [Adapters, "rank"],
        ["alpha"] = [Adapters, "alpha"],
        ["targets"] = [Adapters, "targets"],
        ["lora_dropout"] = [Adapters, "dropout"],
        ["init"] = [Adapters, "init"],
        ["rslora"] = [Adapters, "rslora"],
        ["adapter_kind"] = [Adapters, "adapter_kind"],
        ["dora"] = [Adapters, "dora"], // runs from before kinds had names
        ["lora_plus_ratio"] = [Adapters, "lora_plus_ratio"],
        ["epochs"] = [Phases, "epochs"],
        ["learning_rate"] = [Phases, "learning_rate"],
        ["head_learning_rate"] = [Phases, "head_learning_rate"],
        ["eval_per_epoch"] = [Phases, "evaluations_per_epoch"],
        ["batch_size"] = ["batch", "texts"],
        ["batch_tokens"] = ["batch", "tokens"],
        ["device"] = ["machine", "device"],
        ["precision"] = ["machine", "precision"],
        ["threads"] = ["machine", "threads"],
    };

    /// <summary>All options that run.json has, each once: JSON lets names come twice, and the last counts.</summary>
    public static IReadOnlyList<RunOption> Of(RunRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return [.. Flat(record.Options).Select(option =>
            new RunOption(option.Name, _names.GetValueOrDefault(option.Name) ?? option.Name.Replace('_', '-'), ValueOf(option, record),
                option.Value)).GroupBy(option => option.Name, (_, same) => same.Last())];
    }

    /// <summary>Options that stand together in run.json are options of their own.</summary>
    public static IEnumerable<JsonProperty> Flat(JsonElement? options) => options is not { ValueKind: JsonValueKind.Object } all ? []
        : all.EnumerateObject().SelectMany(option => option.Value.ValueKind == JsonValueKind.Object ? option.Value.EnumerateObject().ToArray()
            : [option]);

    /// <summary>The options in which runs differ, with the values of the runs in their order.</summary>
    public static IReadOnlyList<(string Option, IReadOnlyList<string?> Values)> Differing(IReadOnlyList<RunRecord> runs)
    {
        var options = runs.Select(run => Of(run).ToDictionary(option => option.Name, option => option.Value)).ToList();
        return
        [
            .. options.SelectMany(all => all.Keys).Distinct()
                .Select(name => (name, (IReadOnlyList<string?>)[.. options.Select(all => all.GetValueOrDefault(name))]))
                .Where(option => option.Item2.Distinct().Count() > 1),
        ];
    }

    private static string? ValueOf(JsonProperty option, RunRecord record)
    {
        if (record.Effective is not { } effective)
        {
            return option.Value.ValueKind == JsonValueKind.Null ? EarlierRun(option.Name, record) : Text(option.Value);
        }

        return _places.TryGetValue(option.Name, out var place) ? At(place, [effective])
            : At([option.Name], [effective]) ?? Text(option.Value);
    }

    /// <summary>What runs from before 'effective' say beside their options.</summary>
    private static string? EarlierRun(string option, RunRecord record) => option switch
    {
        "alpha" => record.Alpha?.ToString(CultureInfo.InvariantCulture),
        "max_length" => record.MaxLength.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>The values at a place; of what each phase has, one for every phase.</summary>
    private static string? At(ReadOnlySpan<string> place, IReadOnlyList<JsonElement> values)
    {
        foreach (var name in place)
        {
            values = [.. values.SelectMany(value => value.ValueKind switch
            {
                JsonValueKind.Array => value.EnumerateArray().ToArray(),
                JsonValueKind.Object => [value],
                _ => [],
            }).Where(value => value.TryGetProperty(name, out _)).Select(value => value.GetProperty(name))];
        }

        return values.Count == 0 ? null : string.Join(", ", values.Select(Text));
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "none",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray()),
        JsonValueKind.String => EndOf(value.GetString()!), // a string
        _ => value.ToString(),
    };

    /// <summary>Of a path its end: where things lie on a machine is nobody else's business.</summary>
    private static string EndOf(string word) => Path.IsPathRooted(word) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(word)) : word;
}
