using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>Between the JSON of /v1 and the messages of lora_onnx.v1.</summary>
internal static class RestTranslation
{
    public static PredictRequest Request(PredictBody body) => new()
    {
        Text = body.Text,
        Model = body.Model,
        ModelVersion = body.ModelVersion,
        Truncation = TruncationOf(body.Truncation),
        IncludeLogits = body.IncludeLogits,
    };

    public static PredictBatchRequest Request(PredictBatchBody body) => new()
    {
        Texts = { body.Texts.Select((text, index) => text ?? throw CallError.Invalid($"texts[{index}]", "is null, expected a text.").ToRpcException()) },
        Model = body.Model,
        ModelVersion = body.ModelVersion,
        Truncation = TruncationOf(body.Truncation),
        IncludeLogits = body.IncludeLogits,
    };

    public static TokenizeRequest Request(TokenizeBody body) => new()
    {
        Text = body.Text,
        Model = body.Model,
        ModelVersion = body.ModelVersion,
        Truncation = TruncationOf(body.Truncation),
        MaxTokens = body.MaxTokens,
        OffsetUnit = body.OffsetUnit switch
        {
            "" or "code_points" => OffsetUnit.CodePoints,
            "utf16" => OffsetUnit.Utf16,
            "utf8_bytes" => OffsetUnit.Utf8Bytes,
            _ => throw CallError.Invalid("offset_unit", "expected code_points, utf16 or utf8_bytes.").ToRpcException(),
        },
    };

    public static PredictAnswer Answer(PredictResponse response) => new(
        response.Label,
        response.Score,
        [.. response.Scores.Select(score => new ScoreAnswer(score.Label, score.Score))],
        response.Labels,
        response.Logits,
        response.Tokens,
        response.TotalTokens,
        response.Truncated,
        response.Model,
        response.ModelVersion,
        new TimesAnswer(response.Times.QueueUs, response.Times.TokenizeUs, response.Times.InferUs, response.Times.TotalUs),
        response.Shared);

    public static PredictBatchAnswer Answer(PredictBatchResponse response) => new([.. response.Results.Select(result => new ItemAnswer(
        result.Prediction is { } prediction ? Answer(prediction) : null,
        result.Error is { } error ? new ErrorAnswer(error.Code, error.Message, error.Field) : null))]);

    public static TokenizeAnswer Answer(TokenizeResponse response) => new(
        [.. response.Tokens.Select(token => new TokenAnswer(token.Id, token.Text, token.Start, token.End, token.Special))],
        response.TotalTokens,
        response.Truncated,
        response.Model,
        response.ModelVersion);

    public static ModelsAnswer Answer(ListModelsResponse response) => new([.. response.Models.Select(model => new ModelAnswer(
        model.Name,
        model.Version,
        model.Labels,
        model.MultiLabel,
        model.MaxTokens,
        model.IsDefault,
        model.Sha256,
        model.SizeBytes,
        model.Metadata,
        model.Temperature,
        model.Threshold,
        model.Loaded))]);

    private static Truncation TruncationOf(string name) => name switch
    {
        "" => Truncation.Unspecified,
        "head" => Truncation.Head,
        "tail" => Truncation.Tail,
        "head_and_tail" => Truncation.HeadAndTail,
        "refuse" => Truncation.Refuse,
        _ => throw CallError.Invalid("truncation", "expected head, tail, head_and_tail or refuse, or nothing.").ToRpcException(),
    };
}
