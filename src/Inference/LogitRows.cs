using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>Copies a logits tensor [texts, labels] out of native memory.</summary>
internal static class LogitRows
{
    public static float[][] Copy(OrtValue logits, int texts)
    {
        var values = logits.GetTensorDataAsSpan<float>();
        var labels = values.Length / texts;
        var rows = new float[texts][];
        for (var text = 0; text < texts; text++)
        {
            rows[text] = values.Slice(text * labels, labels).ToArray();
        }

        return rows;
    }
}
