using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports.Values;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Report;

/// <summary>The options in effect, those that nobody gave as "(default)".</summary>
internal static class OptionRows
{
    private static readonly JsonElement _defaults = new TrainingOptions().ToJson();

    /// <summary>Options whose name on the command line is not that in run.json.</summary>
    private static readonly Dictionary<string, string> _names = new() { ["learning_rate"] = "--lr", ["head_learning_rate"] = "--lr-head" };

    /// <summary>Where 'effective' in run.json has an option that is not at its top.</summary>
    private static readonly Dictionary<string, string[]> _places = new()
    {
        ["rank"] = ["adapters", "rank"],
        ["alpha"] = ["adapters", "alpha"],
        ["targets"] = ["adapters", "targets"],
        ["epochs"] = ["phases", "epochs"],
        ["learning_rate"] = ["phases", "learning_rate"],
        ["head_learning_rate"] = ["phases", "head_learning_rate"],
        ["eval_per_epoch"] = ["phases", "evaluations_per_epoch"],
        ["batch_size"] = ["batch", "texts"],
        ["batch_tokens"] = ["batch", "tokens"],
        ["device"] = ["machine", "device"],
        ["precision"] = ["machine", "precision"],
        ["threads"] = ["machine", "threads"],
    };

    public static Table Of(RunRecord record) => new("Options in effect", ["option", "value", "chosen by"], [.. Rows(record)])
    {
        Words = new HashSet<int> { 1, 2 },
    };

    private static IEnumerable<Cell[]> Rows(RunRecord record)
    {
        foreach (var option in Flat(record.Options))
        {
            var isDefault = Flat(_defaults).Any(usual => usual.Name == option.Name && JsonElement.DeepEquals(option.Value, usual.Value));
            yield return
            [
                new Piece(_names.GetValueOrDefault(option.Name) ?? $"--{option.Name.Replace('_', '-')}") { IsCode = true },
                new Piece(Chosen(option.Name, record) ?? Text(option.Value)) { IsCode = true },
                isDefault ? "(default)" : "given",
            ];
        }
    }

    /// <summary>Options that stand together in run.json are options of their own.</summary>
    private static IEnumerable<JsonProperty> Flat(JsonElement? options) => options is not { } all ? []
        : all.EnumerateObject().SelectMany(option => option.Value.ValueKind == JsonValueKind.Object ? option.Value.EnumerateObject().ToArray()
            : [option]);

    /// <summary>What the program made of an option that leaves the choice to it; of one that each phase has, for every phase.</summary>
    private static string? Chosen(string option, RunRecord record)
    {
        if (option == "model")
        {
            return RunHeadline.Name(record.Model);
        }

        return record.Effective is { } effective ? Effective(_places.GetValueOrDefault(option, [option]), [effective]) : option switch
        {
            "alpha" => record.Alpha?.ToString(CultureInfo.InvariantCulture),
            "max_length" => record.MaxLength.ToString(CultureInfo.InvariantCulture),
            "precision" => record.Precision,
            "device" => record.Device,
            "threads" => record.Threads.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    private static string? Effective(ReadOnlySpan<string> place, IReadOnlyList<JsonElement> values)
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
        JsonValueKind.String => RunHeadline.Name(value.GetString()!), // a string
        _ => value.ToString(),
    };
}
