using System.Globalization;
using System.Text;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Model.Runs;

/// <summary>What a run says of its kept weights, on the texts that say most of them; cards and ONNX files tell the same.</summary>
/// <param name="Data">The texts that were measured.</param>
/// <param name="Raw">Figures of the base on them; null where it was not measured.</param>
/// <param name="Kept">Figures of the kept weights.</param>
public sealed record MeasuredFigures(RunData Data, RunMetrics? Raw, RunMetrics Kept)
{
    /// <summary>Figures on the test texts, else on those that chose the weights; null where nothing was measured.</summary>
    public static MeasuredFigures? Of(RunRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        foreach (var (role, raw, kept) in new[]
        {
            ("test", record.RawTest, record.Test), ("validation", record.Raw, record.Validation ?? record.Best),
        })
        {
            if (kept is not null && record.Data.FirstOrDefault(data => data.Role == role) is { } data)
            {
                return new MeasuredFigures(data, raw, kept);
            }
        }

        return null;
    }

    /// <summary>Such as <c>2,000 test texts of stanfordnlp/imdb</c>.</summary>
    public string Texts => string.Create(CultureInfo.InvariantCulture, $"{Data.Texts:N0} {Data.Role} texts of {ModelName.Of(Data.Source)}");

    /// <summary>A Markdown table.</summary>
    public string Table()
    {
        var text = new StringBuilder("| | F1 | accuracy | macro F1 | precision | recall |\n|---|---|---|---|---|---|\n");
        foreach (var (name, metrics) in new[] { ("the base", Raw), ("trained", Kept) })
        {
            if (metrics is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {name} | {metrics.F1:P1} | {metrics.Accuracy:P1} | {metrics.MacroF1:P1} | ")
                    .Append(CultureInfo.InvariantCulture, $"{metrics.Precision:P1} | {metrics.Recall:P1} |\n");
            }
        }

        return text.ToString();
    }
}
