using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Whether a server gives what a file gives.</summary>
/// <param name="Model">The compared model that is its file, or else the one whose logits are nearest.</param>
/// <param name="SameFile">True when the server's file has that model's SHA-256.</param>
/// <param name="LargestDifference">Of any logit; 0 when all are equal bit for bit.</param>
/// <param name="DifferentTexts">Texts of which a logit differs.</param>
internal sealed record ServerAgreement(string Model, bool SameFile, double LargestDifference, int DifferentTexts)
{
    /// <summary>Compares a server with the files in the comparison; null when there is none.</summary>
    public static ServerAgreement? Of(int server, IReadOnlyList<IScoredModel> models, TestScores scores)
    {
        var files = Enumerable.Range(0, models.Count).Where(model => models[model] is LocalModel)
            .Select(model => Compare(scores.Models[server], scores.Models[model], models[model].Name, HaveSameFile(models[server], models[model])))
            .ToList();
        return files.OrderByDescending(file => file.SameFile).ThenBy(file => file.LargestDifference).FirstOrDefault();
    }

    /// <summary>For people.</summary>
    public string Describe(string server, int texts) =>
        (DifferentTexts == 0 ? $"{server} gives the logits of {Model} bit for bit on all {Numbers.Count(texts)} texts"
            : $"{server} differs from {Model} on {Numbers.Count(DifferentTexts)} of {Numbers.Count(texts)} texts, by at most "
                + $"{Numbers.Text(LargestDifference, "0.0e+0")} in a logit")
        + (SameFile ? "; both have the same file." : "; its file is another one.");

    private static ServerAgreement Compare(ModelScores server, ModelScores file, string name, bool sameFile)
    {
        var (largest, different) = (0.0, 0);
        for (var text = 0; text < server.Logits.Count; text++)
        {
            var difference = server.Logits[text].Zip(file.Logits[text]).Max(pair => Math.Abs((double)pair.First - pair.Second));
            largest = Math.Max(largest, difference);
            different += difference > 0 ? 1 : 0;
        }

        return new ServerAgreement(name, sameFile, largest, different);
    }

    private static bool HaveSameFile(IScoredModel server, IScoredModel file) =>
        file.Card.FileHash is { } hash && hash.Equals(server.Card.FileHash, StringComparison.OrdinalIgnoreCase);
}
