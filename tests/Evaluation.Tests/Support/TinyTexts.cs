using System.Text.Json;

namespace LoraOnnx.Evaluation.Tests.Support;

/// <summary>Data files of made-up sentences in the words that a <see cref="TinyModel"/> knows.</summary>
internal static class TinyTexts
{
    private static readonly string[] _words =
        ["the", "film", "movie", "was", "is", "not", "very", "good", "great", "bad", "awful", "fine", "poor", "plot", "actor", "story", "long", "but", "never", "slow", "funny", "."];

    /// <summary>Writes <paramref name="count"/> texts of 1 to <paramref name="mostWords"/> words with labels and a genre; the file's path.</summary>
    public static string Write(string folder, int count, int mostWords = 40, int seed = 1, int classes = 2)
    {
        var path = Path.Combine(folder, $"texts-{count}-{mostWords}-{seed}.jsonl");
        var random = new Random(seed);
        using var writer = File.CreateText(path);
        for (var text = 0; text < count; text++)
        {
            var words = Enumerable.Range(0, random.Next(1, mostWords + 1)).Select(_ => _words[random.Next(_words.Length)]);
            writer.WriteLine(JsonSerializer.Serialize(new { text = string.Join(' ', words), label = random.Next(classes), genre = text % 3 == 0 ? "war" : "love & <b>hate</b>" }));
        }

        return path;
    }
}
