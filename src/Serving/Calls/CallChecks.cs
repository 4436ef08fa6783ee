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

    /// <summary>An error when a call names models in two ways, or too many or nameless ones.</summary>
    public CallError? Models(PredictCall call, IReadOnlyList<string> models)
    {
        if (call.Model.Length > 0 || call.Version.Length > 0)
        {
            return CallError.Invalid("models", "are given, and a model or version as well; give one of both.");
        }

        if (models.Count > options.MaxBatchTexts)
        {
            return CallError.OverLimit("models",
                $"has {models.Count} names; at most {options.MaxBatchTexts} are taken in one call (--max-batch-texts).");
        }

        var empty = models.ToList().FindIndex(name => name.Length == 0);
        return empty < 0 ? null : CallError.Invalid($"models[{empty}]", "is empty, expected a name.");
    }

    /// <summary>The error where a call that asks one model names several: it would be a silent difference to leave them out.</summary>
    public static CallError? OneModel(int models, string field) =>
        models == 0 ? null : CallError.Invalid(field, "is for Predict of one text; name one model here.");

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
