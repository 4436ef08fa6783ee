using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Calls;

/// <summary>A token: its vocabulary entry and where it stands in the text.</summary>
internal readonly record struct ShownToken(int Id, string Text, int Start, int End, bool IsSpecial);

/// <summary>A text as a model reads it.</summary>
internal sealed record ShownText(IReadOnlyList<ShownToken> Tokens, int TotalTokens, bool Truncated, string Model, string Version);

/// <summary>What start and end of a token count.</summary>
internal enum TokenUnit
{
    /// <summary>Unicode code points.</summary>
    CodePoints,

    /// <summary>UTF-16 units.</summary>
    Utf16,

    /// <summary>Bytes of the text in UTF-8.</summary>
    Utf8Bytes,
}

/// <summary>Shows texts as models read them. Knows no protocol.</summary>
internal sealed class TokenizeCalls(ModelCatalog catalog, CallChecks checks)
{
    /// <summary>Most tokens in the answer to one call: a token is a byte of a request and a hundred of its answer.</summary>
    private const int MostTokens = 200_000;

    /// <summary>Shows a text, cut as the model would cut it.</summary>
    /// <param name="call">Which model, and what to keep.</param>
    /// <param name="input">The text.</param>
    /// <param name="maxTokens">Longest result; 0: the model's limit.</param>
    /// <param name="unit">What offsets count.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    public async ValueTask<CallResult<ShownText>> TokenizeAsync(
        PredictCall call, CallInput input, uint maxTokens, TokenUnit unit, CancellationToken cancellationToken)
    {
        if ((input.Error ?? checks.Text(input.Text!, input.Field)) is { } wrong) // a text where there is no error
        {
            return wrong;
        }

        var (lease, error) = await catalog.AcquireAsync(call.Model, call.Version, cancellationToken);
        if (lease is null)
        {
            return error!; // one of the two is set
        }

        using (lease)
        {
            var model = lease.Model;
            var limit = model.Description.MaxTokens;
            if (maxTokens == 1 || maxTokens > limit)
            {
                return CallError.Invalid("max_tokens", $"is {maxTokens}, expected 2 to {limit}, or 0 for {limit}.");
            }

            var shown = Show(model, input.Text!, maxTokens == 0 ? limit : (int)maxTokens, call.Truncation ?? model.Description.Truncation, unit);
            return shown.Truncated && !call.MayCut
                ? CallError.OverLimit(input.Field, $"has {shown.TotalTokens} tokens and was not to be cut.")
                : shown;
        }
    }

    /// <summary>Shows whole texts, with offsets in bytes, to the default model.</summary>
    public async ValueTask<CallResult<ShownText[]>> TokenizeWholeAsync(
        IReadOnlyList<CallInput> inputs, string field, CancellationToken cancellationToken)
    {
        if ((checks.Count(inputs.Count, field) ?? inputs.Select(input => input.Error ?? checks.Text(input.Text!, input.Field))
            .FirstOrDefault(wrong => wrong is not null)) is { } error)
        {
            return error;
        }

        var (lease, missing) = await catalog.AcquireAsync("", "", cancellationToken);
        if (lease is null)
        {
            return missing!; // one of the two is set
        }

        using (lease)
        {
            var shown = new List<ShownText>();
            foreach (var input in inputs)
            {
                shown.Add(Show(lease.Model, input.Text!, int.MaxValue, Truncation.Head, TokenUnit.Utf8Bytes));
                if (shown.Sum(text => (long)text.Tokens.Count) > MostTokens)
                {
                    return CallError.OverLimit(field, $"have more than {MostTokens} tokens together; send them in several calls.");
                }
            }

            return shown.ToArray();
        }
    }

    /// <summary>The text of token ids of the default model.</summary>
    public async ValueTask<CallResult<string>> DecodeAsync(
        IReadOnlyList<uint> ids, string field, bool skipSpecial, CancellationToken cancellationToken)
    {
        if (ids.Count > MostTokens)
        {
            return CallError.OverLimit(field, $"has {ids.Count} ids; at most {MostTokens} are taken.");
        }

        var (lease, missing) = await catalog.AcquireAsync("", "", cancellationToken);
        if (lease is null)
        {
            return missing!; // one of the two is set
        }

        using (lease)
        {
            var tokenizer = lease.Model.Tokenizer;
            var unknown = ids.FirstOrDefault(id => id >= tokenizer.VocabularySize);
            if (unknown > 0)
            {
                return CallError.Invalid(field, $"{unknown} is not in the vocabulary of {tokenizer.VocabularySize}.");
            }

            return tokenizer.Decode(ids.Select(id => (int)id)
                .Where(id => !skipSpecial || (id != tokenizer.ClsTokenId && id != tokenizer.SepTokenId && id != tokenizer.PadTokenId)));
        }
    }

    /// <summary>Tokens of a whole encoding, [CLS] and [SEP] included, with their places in a unit.</summary>
    public static IReadOnlyList<ShownToken> Shown(ServedModel model, string text, Token[] tokens, TokenUnit unit) =>
        [.. Places(text, tokens, unit).Select((token, index) =>
            new ShownToken(token.Id, model.Tokenizer.TokenText(token.Id), token.Start, token.End, index == 0 || index == tokens.Length - 1))];

    /// <summary>Places in UTF-16 units as places in another unit.</summary>
    public static Token[] Places(string text, Token[] tokens, TokenUnit unit) => unit switch
    {
        TokenUnit.CodePoints => TextOffsets.ToCodePoints(text, tokens),
        TokenUnit.Utf8Bytes => TextOffsets.ToUtf8Bytes(text, tokens),
        _ => tokens,
    };

    private static ShownText Show(ServedModel model, string text, int maxTokens, Truncation truncation, TokenUnit unit)
    {
        var (encoded, tokens) = model.Tokenizer.EncodeWithOffsets(text, maxTokens, truncation);
        return new ShownText(Shown(model, text, tokens, unit), encoded.TotalTokens, encoded.Truncated, model.Name, model.Version);
    }
}
