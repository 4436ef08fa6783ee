using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols;

/// <summary>What is checked of a request before any work is done for it.</summary>
internal sealed class RequestChecks(ServingOptions options)
{
    /// <summary>An error naming <paramref name="field"/> when the text is longer than the server takes.</summary>
    public CallError? TextError(string text, string field) => text.Length > options.MaxTextChars
        ? CallError.Invalid(field, $"has {text.Length} UTF-16 units; at most {options.MaxTextChars} are taken (--max-text-chars).")
        : null;

    /// <summary>An error when a batch has more texts than the server takes.</summary>
    public CallError? BatchError(int texts, string field) => texts > options.MaxBatchTexts
        ? CallError.Invalid(field, $"has {texts} texts; at most {options.MaxBatchTexts} are taken in one call (--max-batch-texts).")
        : null;

    /// <summary>The tokenizer's option for a request's; null for a number that this server does not know.</summary>
    public static (Truncation? Truncation, bool MayCut)? TruncationOf(V1.Truncation truncation) => truncation switch
    {
        V1.Truncation.Unspecified => (null, true),
        V1.Truncation.Head => (Truncation.Head, true),
        V1.Truncation.Tail => (Truncation.Tail, true),
        V1.Truncation.HeadAndTail => (Truncation.HeadAndTail, true),
        V1.Truncation.Refuse => (Truncation.Head, false),
        _ => null,
    };

    /// <summary>The work that a request asks for, or what is wrong with it.</summary>
    public (TextRequest Request, CallError? Error) Read(string text, V1.Truncation truncation, long expiresAt, string textField, string truncationField)
    {
        if (TextError(text, textField) is { } tooLong)
        {
            return (default, tooLong);
        }

        return TruncationOf(truncation) is { } known
            ? (new TextRequest(text, known.Truncation, known.MayCut, expiresAt), null)
            : (default, CallError.Invalid(truncationField, $"{(int)truncation} is not a value that this server knows."));
    }
}
