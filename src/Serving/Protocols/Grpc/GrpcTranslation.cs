using LoraOnnx.Model;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Transports.Grpc;
using LoraOnnx.V1;
using Kept = LoraOnnx.Model.Tokenization.Truncation;

namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>Between the messages of lora_onnx.v1 and the core.</summary>
internal static class GrpcTranslation
{
    public static CallResult<PredictCall> Call(string model, string version, Truncation truncation, string field)
    {
        var call = new PredictCall { Model = model, Version = version };
        return truncation switch
        {
            Truncation.Unspecified => call,
            Truncation.Head => call with { Truncation = Kept.Head },
            Truncation.Tail => call with { Truncation = Kept.Tail },
            Truncation.HeadAndTail => call with { Truncation = Kept.HeadAndTail },
            Truncation.Refuse => call with { Truncation = Kept.Head, MayCut = false },
            _ => CallError.Invalid(field, $"{(int)truncation} is not a value that this server knows."),
        };
    }

    public static PredictResponse Response(Prediction prediction, bool includeLogits)
    {
        var classification = prediction.Classification;
        var response = new PredictResponse
        {
            Label = prediction.Label,
            Score = prediction.Score,
            Labels = { prediction.Holding },
            Tokens = (uint)classification.Tokens,
            TotalTokens = (uint)classification.TotalTokens,
            Truncated = classification.Truncated,
            Model = prediction.Model,
            ModelVersion = prediction.Version,
            Times = new StageTimes
            {
                QueueUs = Microseconds(classification.Queue),
                TokenizeUs = Microseconds(classification.Tokenize),
                InferUs = Microseconds(classification.Infer),
                TotalUs = Microseconds(classification.Total),
            },
            Shared = classification.Shared,
        };
        for (var i = 0; i < prediction.Scores.Length; i++)
        {
            response.Scores.Add(new ClassScore { Label = prediction.Classes[i], Score = prediction.Scores[i] });
        }

        if (includeLogits)
        {
            response.Logits.Add(prediction.Logits);
        }

        return response;
    }

    public static ItemResult Item(CallResult<Prediction> result, bool includeLogits) => result.Value is { } prediction
        ? new ItemResult { Prediction = Response(prediction, includeLogits) }
        : new ItemResult { Error = Item(result.Error!) }; // one of the two is set

    public static TokenizeResponse Response(ShownText shown, OffsetUnit unit) => new()
    {
        Tokens =
        {
            shown.Tokens.Select(Message),
        },
        TotalTokens = (uint)shown.TotalTokens,
        Truncated = shown.Truncated,
        OffsetUnit = unit,
        Model = shown.Model,
        ModelVersion = shown.Version,
    };

    private static Token Message(ShownToken token) => new()
    {
        Id = (uint)token.Id,
        Text = token.Text,
        Start = (uint)token.Start,
        End = (uint)token.End,
        Special = token.IsSpecial,
    };

    /// <exception cref="global::Grpc.Core.RpcException">The value is unknown.</exception>
    public static TokenUnit Unit(OffsetUnit unit) => unit switch
    {
        OffsetUnit.Unspecified or OffsetUnit.CodePoints => TokenUnit.CodePoints,
        OffsetUnit.Utf16 => TokenUnit.Utf16,
        OffsetUnit.Utf8Bytes => TokenUnit.Utf8Bytes,
        _ => throw CallError.Invalid("offset_unit", $"{(int)unit} is not a value that this server knows.").ToRpcException(),
    };

    public static ExplainResponse Response(ExplainedText explained, OffsetUnit unit) => new()
    {
        Prediction = Response(explained.Prediction, includeLogits: false),
        Label = explained.Label,
        Tokens =
        {
            explained.Tokens.Select(each => new TokenAttribution
            {
                Token = Message(each.Token),
                Value = each.Value,
            }),
        },
        Words =
        {
            explained.Words.Select(word =>
                new WordAttribution { Text = word.Text, Start = (uint)word.Start, End = (uint)word.End, Value = word.Value }),
        },
        Steps = (uint)explained.Explanation.Steps,
        Logit = explained.Explanation.Logit,
        BaselineLogit = explained.Explanation.BaselineLogit,
        Gap = explained.Explanation.Gap,
        Warning = explained.Explanation.Warning ?? "",
        OffsetUnit = unit,
    };

    public static ModelSummary Summary(ServedModel model, bool loaded, bool isDefault) => new()
    {
        Name = model.Name,
        Version = model.Version,
        Labels = { model.Description.Task.Labels },
        MultiLabel = model.Description.Task.ProblemType == ProblemType.MultiLabel,
        MaxTokens = (uint)model.Description.MaxTokens,
        IsDefault = isDefault,
        Sha256 = model.Description.Hash,
        SizeBytes = (ulong)model.Description.Bytes,
        Precision = EnumNames.Of(model.Description.Precision),
        Metadata = { MachinePaths.Cut(model.Description.Metadata) },
        Temperature = model.Calibration.Temperature,
        Threshold = model.Calibration.Threshold ?? 0.5,
        Thresholds = { model.Thresholds },
        Loaded = loaded,
    };

    private static ItemError Item(CallError error) => new() { Code = (int)GrpcErrors.Code(error.Kind), Message = error.Message, Field = error.Field };

    private static ulong Microseconds(TimeSpan time) => (ulong)Math.Max(0, time.TotalMicroseconds);
}
