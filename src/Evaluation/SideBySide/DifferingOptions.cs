using System.Text.Json;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.SideBySide;

/// <summary>The options in which runs differ.</summary>
internal static class DifferingOptions
{
    /// <summary>Options whose name on the command line is not that in run.json.</summary>
    private static readonly Dictionary<string, string> _names = new() { ["learning_rate"] = "lr", ["head_learning_rate"] = "lr-head" };

    /// <summary>Option by option, the value of each run in their order; a dash where nobody gave one.</summary>
    public static IReadOnlyList<(string Option, IReadOnlyList<string> Values)> Of(IReadOnlyList<RunRecord> runs)
    {
        var options = runs.Select(run => run.Options is { ValueKind: JsonValueKind.Object } given
            ? given.EnumerateObject().ToDictionary(option => option.Name, option => Text(option.Value))
            : []).ToList();
        return
        [
            .. options.SelectMany(all => all.Keys).Distinct()
                .Select(name => (Name(name), (IReadOnlyList<string>)[.. options.Select(all => all.GetValueOrDefault(name, Reports.Numbers.Absent))]))
                .Where(option => option.Item2.Distinct().Count() > 1),
        ];
    }

    private static string Name(string key) => _names.GetValueOrDefault(key) ?? key.Replace('_', '-');

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => Reports.Numbers.Absent,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray()),
        JsonValueKind.String => Models.SourceName.Of(value.GetString()!), // a string
        _ => value.ToString(),
    };
}
