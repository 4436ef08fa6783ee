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

    public static Table Of(RunRecord record) => new("Options in effect", ["option", "value", "chosen by"], [.. Rows(record)])
    {
        Words = new HashSet<int> { 1, 2 },
    };

    private static IEnumerable<Cell[]> Rows(RunRecord record)
    {
        foreach (var option in record.Options?.EnumerateObject() ?? default)
        {
            var isDefault = _defaults.TryGetProperty(option.Name, out var usual) && JsonElement.DeepEquals(option.Value, usual);
            yield return
            [
                new Piece(_names.GetValueOrDefault(option.Name) ?? $"--{option.Name.Replace('_', '-')}") { IsCode = true },
                new Piece(Chosen(option.Name, record) ?? Text(option.Value)) { IsCode = true },
                isDefault ? "(default)" : "given",
            ];
        }
    }

    /// <summary>What the program made of an option that leaves the choice to it.</summary>
    private static string? Chosen(string option, RunRecord record) => option switch
    {
        "model" => RunHeadline.Name(record.Model),
        "alpha" => record.Alpha?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "max_length" => record.MaxLength.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "precision" => record.Precision,
        "device" => record.Device,
        "threads" => record.Threads.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "none",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray()),
        JsonValueKind.String => RunHeadline.Name(value.GetString()!), // a string
        _ => value.ToString(),
    };
}
