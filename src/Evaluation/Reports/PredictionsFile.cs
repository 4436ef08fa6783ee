using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>A line a text and model: <c>{"index":0,"model":"lora","tokens":57,"truncated":false,"logits":[-1.2,1.9],"label":"POSITIVE"}</c>.</summary>
internal static class PredictionsFile
{
    /// <summary>Writes all texts in the order of the data, the models of a text in the order given. Logits have the 9 digits that make a float exact.</summary>
    public static void Write(string path, ComparisonReport report, TestScores scores) =>
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
            for (var text = 0; text < scores.Count; text++)
            {
                for (var model = 0; model < report.Models.Count; model++)
                {
                    writer.Write(Line(text, report.Models[model], report.Labels, scores.Models[model]));
                    writer.Write('\n');
                }
            }
        });

    /// <summary>The line of one text and model.</summary>
    public static string Line(int text, ModelReport model, IReadOnlyList<string> labels, ModelScores scores)
    {
        var logits = scores.Logits[text];
        var numbers = string.Join(',', logits.Select(logit => logit.ToString("G9", CultureInfo.InvariantCulture)));
        return $$"""{"index":{{text}},"model":{{Quoted(model.Name)}},"tokens":{{scores.Tokens[text]}},"truncated":{{(scores.Truncated[text] ? "true" : "false")}},"logits":[{{numbers}}],{{Answer(logits, labels, model)}}}""";
    }

    private static string Answer(float[] logits, IReadOnlyList<string> labels, ModelReport model)
    {
        var scores = model.Calibration.Scores(logits, model.ProblemType);
        return model.ProblemType == ProblemType.SingleLabel
            ? $"\"label\":{Quoted(labels[model.Calibration.Predict(scores)])}"
            : $"\"labels\":[{string.Join(',', labels.Where((_, label) => model.Calibration.Holds(scores[label])).Select(Quoted))}]";
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
