using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>
/// A line a text and model: <c>{"index":0,"model":"lora","tokens":57,"truncated":false,"logits":[-1.2,1.9],"label":"POSITIVE"}</c>, or the same as a
/// row of CSV where the file is called so.
/// </summary>
internal static class PredictionsFile
{
    /// <summary>Writes all texts in the order of the data, the models of a text in the order given. Logits have the 9 digits that make a float
    /// exact.</summary>
    public static void Write(string path, ComparisonReport report, TestScores scores, bool byteOrderMark) =>
        AtomicFile.Write(path, stream =>
        {
            var isCsv = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
            using var writer = new StreamWriter(stream, new UTF8Encoding(isCsv && byteOrderMark), 1 << 16, leaveOpen: true);
            if (isCsv)
            {
                writer.Write(
                    $"{CsvText.Row(["index", "model", "tokens", "truncated", "label", .. report.Labels.Select(label => $"logit_{label}")])}\n");
            }

            for (var text = 0; text < scores.Count; text++)
            {
                for (var model = 0; model < report.Models.Count; model++)
                {
                    var (reported, own) = (report.Models[model], scores.Models[model]);
                    writer.Write(isCsv ? Row(text, reported, report.Labels, own) : Line(text, reported, report.Labels, own));
                    writer.Write('\n');
                }
            }
        });

    private static string Line(int text, ModelReport model, IReadOnlyList<string> labels, ModelScores scores)
    {
        var answers = Answers(text, model, labels, scores).Select(Quoted);
        var answer = model.ProblemType == ProblemType.SingleLabel ? $"\"label\":{answers.Single()}" : $"\"labels\":[{string.Join(',', answers)}]";
        return $"{{\"index\":{text},\"model\":{Quoted(model.Name)},\"tokens\":{scores.Tokens[text]},\"truncated\":"
            + $"{(scores.Truncated[text] ? "true" : "false")},"
            + $"\"logits\":[{string.Join(',', Logits(text, scores))}],{answer}}}";
    }

    /// <summary>Several labels of a text stand in one cell, as <c>joy|fear</c>.</summary>
    private static string Row(int text, ModelReport model, IReadOnlyList<string> labels, ModelScores scores) => CsvText.Row(
    [
        text.ToString(CultureInfo.InvariantCulture), model.Name, scores.Tokens[text].ToString(CultureInfo.InvariantCulture), scores.Truncated[text]
            ? "true"
            : "false",
        string.Join('|', Answers(text, model, labels, scores)), .. Logits(text, scores),
    ]);

    private static IEnumerable<string> Logits(int text, ModelScores scores) =>
        scores.Logits[text].Select(logit => logit.ToString("G9", CultureInfo.InvariantCulture));

    private static IEnumerable<string> Answers(int text, ModelReport model, IReadOnlyList<string> labels, ModelScores scores)
    {
        var shares = model.Calibration.Scores(scores.Logits[text], model.ProblemType);
        return model.Calibration.Decide(shares, model.ProblemType).Holding.Select(label => labels[label]);
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
