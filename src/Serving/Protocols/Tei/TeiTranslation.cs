using System.Text;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using TextEmbeddingsInference;
using Metadata = TextEmbeddingsInference.Metadata;
using Sentiment = LoraOnnx.V1;
using Truncation = LoraOnnx.Model.Tokenization.Truncation;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>Between the messages of tei.v1 and those of lora_onnx.v1.</summary>
internal static class TeiTranslation
{
    /// <exception cref="RpcException">A value that this server does not know.</exception>
    public static Sentiment.PredictRequest Request(PredictRequest request) => new()
    {
        Text = request.Inputs,
        IncludeLogits = request.RawScores,
        Truncation = (request.Truncate, request.TruncationDirection) switch
        {
            (_, not (TruncationDirection.Right or TruncationDirection.Left)) =>
                throw CallError.Invalid("truncation_direction", $"{(int)request.TruncationDirection} is not a value that this server knows.").ToRpcException(),
            (false, _) => Sentiment.Truncation.Refuse,
            (true, TruncationDirection.Left) => Sentiment.Truncation.Tail,
            _ => Sentiment.Truncation.Head,
        },
    };

    public static PredictResponse Response(PredictRequest request, Sentiment.PredictResponse answer)
    {
        var scores = request.RawScores ? [.. answer.Logits] : answer.Scores.Select(score => score.Score).ToArray();
        var response = new PredictResponse
        {
            Metadata = new Metadata
            {
                ComputeChars = (uint)request.Inputs.EnumerateRunes().Count(),
                ComputeTokens = answer.Tokens,
                TotalTimeNs = answer.Times.TotalUs * 1000,
                TokenizationTimeNs = answer.Times.TokenizeUs * 1000,
                QueueTimeNs = answer.Times.QueueUs * 1000,
                InferenceTimeNs = answer.Times.InferUs * 1000,
            },
        };
        response.Predictions.Add(answer.Scores
            .Select((score, index) => new Prediction { Label = score.Label, Score = scores[index] })
            .OrderByDescending(prediction => prediction.Score));
        return response;
    }

    /// <summary>Tokens as upstream shows them: the piece of the text, with offsets in UTF-8 bytes; special tokens by their name, without. Nothing is cut.</summary>
    public static EncodeResponse Tokens(EncodeRequest request, ServedModel model)
    {
        var answer = Tokenizations.Response(model, request.Inputs, int.MaxValue, Truncation.Head, Sentiment.OffsetUnit.Utf8Bytes);
        var utf8 = Encoding.UTF8.GetBytes(request.Inputs);
        var response = new EncodeResponse();
        foreach (var token in answer.Tokens.Where(token => !token.Special || request.AddSpecialTokens))
        {
            var shown = new SimpleToken { Id = token.Id, Special = token.Special, Text = token.Text };
            if (!token.Special)
            {
                (shown.Start, shown.Stop) = (token.Start, token.End);
                shown.Text = Encoding.UTF8.GetString(utf8, (int)token.Start, (int)(token.End - token.Start));
            }

            response.Tokens.Add(shown);
        }

        return response;
    }
}
