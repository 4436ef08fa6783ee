using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>What is checked of a call before any work is done for it.</summary>
internal sealed class CallChecks(ServingOptions options)
{
    /// <summary>Most texts in one call.</summary>
    public int MostTexts => options.MaxBatchTexts;

    /// <summary>An error naming <paramref name="field"/> when the text is longer than the server takes.</summary>
    public CallError? Text(string text, string field) => text.Length > options.MaxTextChars
        ? CallError.OverLimit(field, $"has {text.Length} UTF-16 units; at most {options.MaxTextChars} are taken (--max-text-chars).")
        : null;

    /// <summary>An error when a call has more texts than the server takes.</summary>
    public CallError? Count(int texts, string field) => texts > options.MaxBatchTexts
        ? CallError.OverLimit(field, $"has {texts} texts; at most {options.MaxBatchTexts} are taken in one call (--max-batch-texts).")
        : null;

    /// <summary>An error when token ids that a client made are not for this model.</summary>
    public static CallError? Ids(EncodedText encoded, ServedModel model, string field)
    {
        var (ids, most, vocabulary) = (encoded.Ids, model.Description.MaxTokens, model.Tokenizer.VocabularySize);
        if (ids.Length < 1 || ids.Length > most)
        {
            return CallError.Invalid(field, $"has {ids.Length} tokens; expected 1 to {most}.");
        }

        var wrong = Array.FindIndex(ids, id => id < 0 || id >= vocabulary);
        return wrong < 0 ? null : CallError.Invalid(field, $"holds {ids[wrong]}; expected 0 to {vocabulary - 1}.");
    }
}
