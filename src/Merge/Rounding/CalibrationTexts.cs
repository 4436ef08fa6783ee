using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge.Rounding;

/// <summary>Texts on which it is found how to round: those that the run was validated on where its file can be read, else the built-in ones. Never
/// those of --verify-data, which measure.</summary>
internal static class CalibrationTexts
{
    private const int Most = 128;

    /// <summary>Up to 128 texts, spread over the file; says in a line which.</summary>
    public static IReadOnlyList<EncodedText> Of(MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        var tokenizer = TextTokenizer.Load(input.BaseDirectory);
        var (texts, source) = Validation(input, options, cancellationToken);
        VisibleLines.Tell($"rounding is fitted to {Math.Min(Most, texts.Count)} texts of {source}");
        return
        [
            .. texts.Where((_, index) => index * (long)Most / texts.Count != (index - 1) * (long)Most / texts.Count || texts.Count <= Most)
                .Select(text => tokenizer.Encode(text, input.MaxTokens, input.Truncation)),
        ];
    }

    private static (IReadOnlyList<string> Texts, string Source) Validation(
        MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        if (input.Run?.Record.Data.FirstOrDefault(data => data.Role == "validation")?.Source is { } source && Path.Exists(source)
            && !(options.VerifyData is { } verify && Path.GetFullPath(verify) == Path.GetFullPath(source)))
        {
            try
            {
                List<string> texts = [.. LabelledTexts.Read(source, options.Texts, input.Weights.Config.Task, TextNotices.None, null,
                    cancellationToken).Select(text => text.Text)];
                if (texts.Count > 0)
                {
                    return (texts, "the run's validation");
                }
            }
            catch (InputException failure)
            {
                VisibleLines.Tell($"note: the run's validation texts cannot be read: {failure.Message}");
            }
        }

        return (ReferenceTexts.All, "the built-in sample");
    }
}
