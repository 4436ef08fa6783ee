using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports.Values;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Report;

/// <summary>The options in effect, those that nobody gave as "(default)".</summary>
internal static class OptionRows
{
    private static readonly Dictionary<string, JsonElement> _defaults =
        RunOptions.Flat(new TrainingOptions().ToJson()).ToDictionary(option => option.Name, option => option.Value);

    public static Table Of(RunRecord record) => new("Options in effect", ["option", "value", "chosen by"],
        [.. RunOptions.Of(record).Where(option => option.Value is not null).Select(Row)])
    {
        Words = new HashSet<int> { 1, 2 },
    };

    private static Cell[] Row(RunOption option) =>
    [
        new Piece($"--{option.Name}") { IsCode = true },
        new Piece(option.Value!) { IsCode = true }, // those without are left out
        _defaults.TryGetValue(option.Key, out var usual) && JsonElement.DeepEquals(option.Given, usual) ? "(default)" : "given",
    ];
}
