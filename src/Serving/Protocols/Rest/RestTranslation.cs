using LoraOnnx.Model;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Transports.Grpc;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>From the core's results to the JSON of /v1.</summary>
internal static class RestTranslation
{
    public static PredictAnswer Answer(Prediction prediction, bool includeLogits)
    {
        var classification = prediction.Classification;
        return new PredictAnswer(
            prediction.Label,
            prediction.Score,
            [.. prediction.Scores.Select((score, index) => new ScoreAnswer(prediction.Classes[index], score))],
            prediction.Holding,
            includeLogits ? prediction.Logits : [],
            (uint)classification.Tokens,
            (uint)classification.TotalTokens,
            classification.Truncated,
            prediction.Model,
            prediction.Version,
            new TimesAnswer(
                Microseconds(classification.Queue), Microseconds(classification.Tokenize), Microseconds(classification.Infer),
                    Microseconds(classification.Total)),
            classification.Shared);
    }

    /// <summary>An error's code is gRPC's, as in lora_onnx.v1.</summary>
    public static ItemAnswer Item(CallResult<Prediction> result, bool includeLogits) => new(
        result.Value is { } prediction ? Answer(prediction, includeLogits) : null,
        result.Error is { } error ? new ErrorAnswer((int)GrpcErrors.Code(error.Kind), error.Message, error.Field) : null);

    public static TokenizeAnswer Answer(ShownText shown) => new(
        [.. shown.Tokens.Select(Answer)],
        (uint)shown.TotalTokens,
        shown.Truncated,
        shown.Model,
        shown.Version);

    public static ExplainAnswer Answer(ExplainedText explained) => new(
        Answer(explained.Prediction, includeLogits: false),
        explained.Label,
        [.. explained.Tokens.Select(each => new TokenAttributionAnswer(Answer(each.Token), each.Value))],
        [.. explained.Words.Select(word => new WordAttributionAnswer(word.Text, (uint)word.Start, (uint)word.End, word.Value))],
        (uint)explained.Explanation.Steps,
        explained.Explanation.Logit,
        explained.Explanation.BaselineLogit,
        explained.Explanation.Gap,
        explained.Explanation.Warning ?? "");

    private static TokenAnswer Answer(ShownToken token) =>
        new((uint)token.Id, token.Text, (uint)token.Start, (uint)token.End, token.IsSpecial);

    public static ModelsAnswer Answer(
        IReadOnlyList<(ServedModel Model, string Path, bool Loaded)> models) => new([.. models.Select(entry => new ModelAnswer(
        entry.Model.Name,
        entry.Model.Version,
        entry.Model.Description.Task.Labels,
        entry.Model.Description.Task.ProblemType == ProblemType.MultiLabel,
        (uint)entry.Model.Description.MaxTokens,
        entry.Model.Name == models[0].Model.Name,
        entry.Model.Description.Hash,
        (ulong)entry.Model.Description.Bytes,
        EnumNames.Of(entry.Model.Description.Precision),
        MachinePaths.Cut(entry.Model.Description.Metadata),
        entry.Model.Calibration.Temperature,
        entry.Model.Calibration.Threshold ?? 0.5,
        entry.Model.Thresholds,
        entry.Loaded))]);

    private static ulong Microseconds(TimeSpan time) => (ulong)Math.Max(0, time.TotalMicroseconds);
}
