using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Tests.Browsing;
using Microsoft.Playwright;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>Holds a report's page against its JSON.</summary>
internal static class PageFigures
{
    /// <summary>Every number of the JSON, or those whose place passes, is visible text on the page, marked with its place in the JSON.</summary>
    public static async Task AssertAllVisibleAsync(IPage page, JsonNode report, Func<string, bool>? isChecked = null)
    {
        await Browser.UnfoldAsync(page);
        var shown = await ShownAsync(page);
        var numbers = Numbers(report).Where(number => isChecked?.Invoke(number.Pointer) ?? true).ToList();
        var missing = numbers.Where(number => !shown.TryGetValue(number.Pointer, out var text) || !ShownNumber.Shows(text, number.Value))
            .Select(number => $"{number.Pointer} = {number.Value}, shown as '{shown.GetValueOrDefault(number.Pointer, "nothing")}'").ToList();
        Assert.True(numbers.Count > 500, $"the JSON has only {numbers.Count} numbers");
        Assert.True(missing.Count == 0, $"{missing.Count} figures are not on the page: {string.Join("; ", missing.Take(10))}");
    }

    /// <summary>The visible text of each marked number, by its place in the JSON.</summary>
    private static async Task<Dictionary<string, string>> ShownAsync(IPage page)
    {
        var pairs = await page.EvaluateAsync<string[][]>("""
            [...document.querySelectorAll('[data-json]')]
                .filter(number => number.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && number.getClientRects().length > 0)
                .map(number => [number.dataset.json, number.innerText])
            """);
        return pairs.GroupBy(pair => pair[0]).ToDictionary(pair => pair.Key, pair => pair.First()[1]);
    }

    private static IEnumerable<(string Pointer, double Value)> Numbers(JsonNode? node, string pointer = "") => node switch
    {
        JsonObject map => map.SelectMany(
            entry => Numbers(entry.Value,
                $"{pointer}/{entry.Key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}")),
        JsonArray list => list.SelectMany((item, index) => Numbers(item, $"{pointer}/{index}")),
        not null when node.GetValueKind() == JsonValueKind.Number => [(pointer, double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture))],
        _ => [],
    };
}
