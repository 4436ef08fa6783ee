using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Models;
using LoraOnnx.V1;
using Truncation = LoraOnnx.Model.Tokenization.Truncation;

namespace LoraOnnx.Serving.Protocols;

/// <summary>A text as a model reads it, for people to see.</summary>
internal static class Tokenizations
{
    /// <param name="model">Whose tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="maxTokens">Longest result, [CLS] and [SEP] included.</param>
    /// <param name="truncation">What to keep of a longer text.</param>
    /// <param name="unit">What offsets count.</param>
    public static TokenizeResponse Response(ServedModel model, string text, int maxTokens, Truncation truncation, OffsetUnit unit)
    {
        var (encoded, tokens) = model.Tokenizer.EncodeWithOffsets(text, maxTokens, truncation);
        var response = new TokenizeResponse
        {
            TotalTokens = (uint)encoded.TotalTokens,
            Truncated = encoded.Truncated,
            OffsetUnit = unit,
            Model = model.Name,
            ModelVersion = model.Version,
        };
        tokens = unit switch
        {
            OffsetUnit.CodePoints => TextOffsets.ToCodePoints(text, tokens),
            OffsetUnit.Utf8Bytes => TextOffsets.ToUtf8Bytes(text, tokens),
            _ => tokens,
        };
        for (var i = 0; i < tokens.Length; i++)
        {
            response.Tokens.Add(new V1.Token
            {
                Id = (uint)tokens[i].Id,
                Text = model.Tokenizer.TokenText(tokens[i].Id),
                Start = (uint)tokens[i].Start,
                End = (uint)tokens[i].End,
                Special = i == 0 || i == tokens.Length - 1,
            });
        }

        return response;
    }
}
