using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>A line of --predictions: <c>{"index":0,"model":"lora","tokens":57,"truncated":false,"logits":[-1.2,1.9],"label":"POSITIVE"}</c>.</summary>
internal static class PredictionLine
{
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the line of one text and model.</summary>
    public static void Write(Stream stream, long index, ComparedModel model, TextScore score)
    {
        var config = model.Config;
        var best = Calibration.None.Predict(Calibration.None.Scores(score.Logits, config.ProblemType));
        Write(stream, index, model.Name, score, config.Labels[best]);
    }

    /// <summary>Writes the line; logits have 9 significant digits, which give the same fp32 back.</summary>
    public static void Write(Stream stream, long index, string model, TextScore score, string label)
    {
        using (var json = new Utf8JsonWriter(stream, _options))
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            json.WriteString("model", model);
            json.WriteNumber("tokens", score.Tokens);
            json.WriteBoolean("truncated", score.Truncated);
            json.WriteStartArray("logits");
            foreach (var logit in score.Logits)
            {
                json.WriteRawValue(logit.ToString("G9", CultureInfo.InvariantCulture));
            }

            json.WriteEndArray();
            json.WriteString("label", label);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }
}
