using System.Text.Json;

namespace LoraOnnx.Serving.Models;

/// <summary>A text, the logits that the model must give for it, and the number of its line.</summary>
internal readonly record struct GoldenText(string Text, float[] Logits, int Line);

/// <summary>Texts and logits that a model must reproduce, one <c>{"text": ..., "logits": [...]}</c> a line; optional, beside the ONNX file.</summary>
internal static class GoldenTexts
{
    public const string FileName = "golden.jsonl";

    /// <summary>Golden texts are a few; a file of gigabytes is something else.</summary>
    private const int LargestFile = 16 << 20;

    /// <summary>A run each, before the model is served.</summary>
    private const int MostLines = 10_000;

    private const int LongestLine = 1 << 20;

    /// <exception cref="InputException">The file is too large, has too many or too long lines, or one that is no golden text.</exception>
    public static IEnumerable<GoldenText> Read(string file, CancellationToken cancellationToken)
    {
        var number = 0;
        foreach (var line in ForeignFile.ReadLines(file, LargestFile, "a file of golden texts", cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++number > MostLines)
            {
                throw InputException.InFile(file, $"has more than {MostLines} lines.",
                    "keep the texts that matter: each is run before the model is served.");
            }

            yield return line.Length <= LongestLine ? ReadLine(file, number, line)
                : throw InputException.InLine(file, number, $"has {line.Length} characters, expected at most {LongestLine}.",
                    """write {"text": "...", "logits": [...]}.""");
        }
    }

    private static GoldenText ReadLine(string file, int number, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text") is { ValueKind: JsonValueKind.String } value ? JsonText.Of(value)
                : throw new FormatException("'text' is not a string.");
            float[] logits = [.. json.RootElement.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())];
            return logits.All(float.IsFinite) ? new GoldenText(text, logits, number) // to an infinite one every logit is close
                : throw new FormatException("a logit is not finite.");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw InputException.InLine(file, number, $"is not a golden text: {failure.Message}", """write {"text": "...", "logits": [...]}.""",
                failure);
        }
    }
}
