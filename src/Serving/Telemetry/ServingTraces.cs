using System.Diagnostics;

namespace LoraOnnx.Serving.Telemetry;

/// <summary>Spans of the stages of a call, below the span of the request, which joins the caller's W3C trace.</summary>
internal static class ServingTraces
{
    public const string SourceName = "LoraOnnx.Serving";

    private static readonly ActivitySource _source = new(SourceName);

    /// <summary>Records a finished classification as spans; free when nobody listens.</summary>
    public static void Record(Batching.Classification classification, string model, string version)
    {
        if (!_source.HasListeners() || Activity.Current is null)
        {
            return;
        }

        var end = DateTimeOffset.UtcNow;
        var start = end - classification.Total;
        using var whole = _source.StartActivity("classify", ActivityKind.Internal, default(ActivityContext), startTime: start, tags:
        [
            new("lora_serve.model", model),
            new("lora_serve.version", version),
            new("lora_serve.tokens", classification.Tokens),
            new("lora_serve.shared", classification.Shared),
        ]);
        if (whole is null)
        {
            return;
        }

        Stage("tokenize", start, classification.Tokenize);
        Stage("queue", start + classification.Tokenize, classification.Queue);
        Stage("infer", start + classification.Tokenize + classification.Queue, classification.Infer);
        whole.SetEndTime(end.UtcDateTime);
    }

    private static void Stage(string name, DateTimeOffset start, TimeSpan duration)
    {
        using var stage = _source.StartActivity(name, ActivityKind.Internal, default(ActivityContext), startTime: start);
        stage?.SetEndTime((start + duration).UtcDateTime);
    }
}
