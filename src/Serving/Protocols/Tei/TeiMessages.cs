using System.Text;
using System.Text.Json;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.Tei;

// The JSON of text-embeddings-inference, in snake case. Bodies are read by TeiRequest; the two first records describe them.

/// <summary>A body of /predict: <c>inputs</c> is a text, or a batch <c>[["text"], ["text"]]</c>.</summary>
internal sealed record TeiPredictInputs(JsonElement Inputs, bool Truncate = false, bool RawScores = false, string TruncationDirection = "right");

/// <summary>A body of /tokenize: <c>inputs</c> is a text or a list of texts.</summary>
internal sealed record TeiTokenizeInputs(JsonElement Inputs, bool AddSpecialTokens = true);

/// <summary>A label and its score.</summary>
internal sealed record TeiLabel(float Score, string Label)
{
    /// <summary>By falling score.</summary>
    public static IEnumerable<TeiLabel> Of(Prediction prediction, bool raw) => (raw ? prediction.Logits : prediction.Scores)
        .Select((score, index) => new TeiLabel(score, prediction.Classes[index]))
        .OrderByDescending(label => label.Score);
}

/// <summary>A token, with offsets in UTF-8 bytes where it stands in the text.</summary>
internal sealed record TeiToken(uint Id, string Text, bool Special, uint? Start, uint? Stop)
{
    /// <summary>
    /// Tokens as upstream shows them: the piece of the text, with offsets in UTF-8 bytes; special tokens by their name, without. Nothing is cut.
    /// </summary>
    public static IReadOnlyList<TeiToken> Of(ShownText shown, string text, bool addSpecial)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return [.. shown.Tokens.Where(token => addSpecial || !token.IsSpecial).Select(token => token.IsSpecial
            ? new TeiToken((uint)token.Id, token.Text, true, null, null)
            : new TeiToken((uint)token.Id, Encoding.UTF8.GetString(utf8, token.Start, token.End - token.Start), false, (uint)token.Start,
                (uint)token.End))];
    }
}

/// <summary>What is served.</summary>
internal sealed record TeiInformation(
    string ModelId,
    string ModelSha,
    string ModelDtype,
    uint MaxConcurrentRequests,
    uint MaxInputLength,
    uint MaxBatchTokens,
    uint MaxClientBatchSize,
    uint TokenizationWorkers,
    string Version);
