using System.Text.Json;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Reads <c>normalizer</c> of tokenizer.json.</summary>
internal static class NormalizerSteps
{
    private const int MostSteps = 16;
    private const string Hint = "supported are Precompiled, Strip, Replace, and a Sequence of these.";

    public static IReadOnlyList<INormalizerStep> Read(TokenizerFiles files)
    {
        var steps = new List<INormalizerStep>();
        if (files.Json!.Find("normalizer") is { } normalizer) // callers have tokenizer.json
        {
            Read(files, files.Part("normalizer") ?? throw files.Json.Wrong("normalizer", normalizer, "an object"), steps);
        }

        return steps.OfType<CharacterMapStep>().Count() <= 1 && steps.Count <= MostSteps ? steps
            : throw InputException.InFile(files.JsonPath,
                $"'normalizer' has {steps.Count} steps, expected at most {MostSteps}, and one of them 'Precompiled'.", Hint);
    }

    private static void Read(TokenizerFiles files, JsonFields step, List<INormalizerStep> steps)
    {
        switch (step.Text("type"))
        {
            case "Sequence":
                foreach (var part in files.Objects(step, "normalizers"))
                {
                    Read(files, part, steps);
                }

                break;
            case "Precompiled":
                steps.Add(new CharacterMapStep(CharacterMap.Parse(files.JsonPath, Bytes(files, step))));
                break;
            case "Strip":
                steps.Add(new StripStep(step.Flag("strip_left", absent: true), step.Flag("strip_right", absent: true)));
                break;
            case "Replace":
                steps.Add(Replace(files, step));
                break;
            default:
                throw InputException.InFile(files.JsonPath, $"'normalizer' is '{step.Text("type")}', which is not supported.",
                    Hint);
        }
    }

    private static byte[] Bytes(TokenizerFiles files, JsonFields step)
    {
        var text = step.Text("precompiled_charsmap") ?? "";
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length]
            : throw InputException.InFile(files.JsonPath, "'precompiled_charsmap' is not base64.", "the file is damaged.");
    }

    private static ReplaceStep Replace(TokenizerFiles files, JsonFields step)
    {
        var pattern = step.Find("pattern") is { ValueKind: JsonValueKind.Object } found ? JsonFields.Of(files.JsonPath, found) : null;
        var (literal, expression, content) = (pattern?.Text("String"), pattern?.Text("Regex"), step.Text("content"));
        if (content is null || (string.IsNullOrEmpty(literal) && expression != ReplaceStep.RunOfBlanks))
        {
            throw InputException.InFile(files.JsonPath, $"'normalizer' replaces the pattern '{expression ?? literal}', "
                + $"expected a text or the expression '{ReplaceStep.RunOfBlanks}', and 'content'.", "other expressions are not supported.");
        }

        return content.Length <= (expression is null ? literal!.Length : 2)
            ? new ReplaceStep(expression is null ? literal : null, content) // one of the two is there
            : throw InputException.InFile(files.JsonPath,
                $"'normalizer' puts '{content}' for something shorter, which is not supported.", Hint);
    }
}
