using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Reports;

namespace LoraOnnx.Evaluation.Gate;

/// <summary>A figure's name in an expression: <c>MODEL.KEY</c>, with further keys and places of lists after dots, as in the report's JSON.</summary>
internal static class FigureName
{
    /// <summary>Says what is wrong with a name as far as it can be told before scoring.</summary>
    /// <exception cref="InputException">The model is not compared, or has no such figure.</exception>
    public static void Check(string expression, string name, IReadOnlyList<string> models)
    {
        var parts = name.Split('.');
        if (!models.Contains(parts[0]))
        {
            throw new InputException($"--require \"{expression}\": there is no model '{parts[0]}'; there is {string.Join(", ", models)}.",
                Condition.Example);
        }

        if (parts.Length < 2 || !JsonReport.ModelKeys.Contains(parts[1]))
        {
            throw new InputException($"--require \"{expression}\": '{name}' is not a figure of {parts[0]}.",
                $"figures are {string.Join(", ", JsonReport.FigureKeys)}.");
        }
    }

    /// <summary>The figure in the report.</summary>
    /// <exception cref="InputException">There is none of that name, or it is not known for these texts.</exception>
    public static double Find(string expression, string name, JsonObject models)
    {
        JsonNode? node = models;
        foreach (var key in name.Split('.'))
        {
            node = node switch
            {
                JsonObject map when map.TryGetPropertyValue(key, out var value) => value,
                JsonArray list when int.TryParse(key, out var place) && place < list.Count => list[place],
                _ => null,
            };
        }

        return node?.GetValueKind() == JsonValueKind.Number
            ? double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture)
            : throw new InputException($"--require \"{expression}\": '{name}' is not a number in this report.",
                $"figures are {string.Join(", ", JsonReport.FigureKeys)}; --json shows all.");
    }
}
