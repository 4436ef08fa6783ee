using System.Text.Json;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Tests;

/// <summary>Texts for a model of <see cref="FamilyGolden"/> whose labels are plain from their words, whatever its labels are.</summary>
internal static class FamilyTexts
{
    private static readonly string[] _telling = ["good", "bad", "slow", "fun", "old", "new", "sad", "mad", "odd", "big"];
    private static readonly string[] _others = ["the", "film", "was", "a", "plot", "story", "and", "scene", "in", "it"];

    /// <summary>Writes a file of labelled texts and returns its path: one label each in turn, or any number where several may hold.</summary>
    public static string Write(string path, string model, int count, int seed)
    {
        var task = Checkpoint.Open(FamilyGolden.CheckpointOf(model)).Config.Task;
        var random = new Random(seed);
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(index =>
        {
            var isSeveral = task.IsMultiLabel;
            var holding = isSeveral
                ? [.. Enumerable.Range(0, task.Labels.Count).Where(_ => random.Next(2) == 1)] : new[] { index % task.Labels.Count };
            var words = Enumerable.Range(0, random.Next(1, 10)).Select(_ => _others[random.Next(_others.Length)])
                .Concat(holding.SelectMany(Words)).ToArray();
            random.Shuffle(words);
            var text = string.Join(' ', words);
            return isSeveral
                ? JsonSerializer.Serialize(new { text, labels = holding.Select(label => task.Labels[label]) })
                : JsonSerializer.Serialize(new { text, label = task.Labels[holding[0]] });
        }));
        return path;
    }

    /// <summary>One word twice, beyond the tenth label two: no two of the first fifty have the same.</summary>
    private static string[] Words(int label) =>
        [_telling[label % _telling.Length], _telling[(label + (label / _telling.Length)) % _telling.Length]];
}
