using System.Text.Json;

namespace LoraOnnx.Evaluation.Tests.Support;

/// <summary>Data files of made-up sentences in the words that a <see cref="TinyModel"/> knows.</summary>
internal static class TinyTexts
{
    private static readonly string[] _words =
        ["the", "film", "movie", "was", "is", "not", "very", "good", "great", "bad", "awful", "fine", "poor", "plot", "actor", "story", "long", "but",
            "never", "slow", "funny", "."];

    /// <summary>Writes <paramref name="count"/> texts of 1 to <paramref name="mostWords"/> words with labels and a genre; the file's path.</summary>
    public static string Write(string folder, int count, int mostWords = 40, int seed = 1, MadeUpLabels labels = MadeUpLabels.TwoClasses) =>
        Write(Path.Combine(folder, $"texts-{count}-{mostWords}-{seed}.jsonl"), count, new Random(seed), labels,
            random => random.Next(1, mostWords + 1));

    /// <summary>Writes texts as long as IMDB's reviews: 1,300 characters on average, half of them shorter than 1,000, a few of 10,000 and more; the
    /// file's path.</summary>
    public static string WriteReviews(string folder, int count) =>
        Write(Path.Combine(folder, $"reviews-{count}.jsonl"), count, new Random(1), MadeUpLabels.TwoClasses,
            random => Math.Clamp((int)(205 * Math.Exp(0.72 * Normal(random))), 4, 2_500));

    private static string Write(string path, int count, Random random, MadeUpLabels labels, Func<Random, int> length)
    {
        using var writer = File.CreateText(path);
        for (var text = 0; text < count; text++)
        {
            var words = Enumerable.Range(0, length(random)).Select(_ => _words[random.Next(_words.Length)]);
            writer.WriteLine(
                JsonSerializer.Serialize(
                    new { text = string.Join(' ', words), label = Label(labels, random), genre = text % 3 == 0 ? "war" : "love & <b>hate</b>" }));
        }

        return path;
    }

    private static object Label(MadeUpLabels labels, Random random) => labels switch
    {
        MadeUpLabels.TwoClasses => random.Next(2),
        MadeUpLabels.ThreeClasses => random.Next(3),
        _ => Enumerable.Range(0, 3).Where(_ => random.Next(2) == 0).ToArray(),
    };

    /// <summary>By Box and Muller.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
