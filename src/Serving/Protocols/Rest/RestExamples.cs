using LoraOnnx.Serving.Transports.Http.Document;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>What the document shows of /v1: requests that can be sent as they stand, and answers of a model with two labels.</summary>
internal static class RestExamples
{
    private const string Prediction = """
        {
          "label": "POSITIVE", "score": 0.97,
          "scores": [{ "label": "NEGATIVE", "score": 0.03 }, { "label": "POSITIVE", "score": 0.97 }],
          "labels": [], "logits": [], "tokens": 5, "total_tokens": 5, "truncated": false, "model": "sentiment", "model_version": "1",
          "times": { "queue_us": 12, "tokenize_us": 35, "infer_us": 2600, "total_us": 2700 }, "shared": false
        }
        """;

    public static ApiExample Predict { get; } = new("""{ "text": "a good film" }""", Prediction);

    public static ApiExample PredictBatch { get; } = new(
        """{ "texts": ["a good film", "two hours that I want back"], "truncation": "head_and_tail" }""",
        $$"""{ "results": [{ "prediction": {{Prediction}}, "error": null }] }""");

    public static ApiExample Tokenize { get; } = new("""{ "text": "good" }""", """
        {
          "tokens": [
            { "id": 101, "text": "[CLS]", "start": 0, "end": 0, "special": true },
            { "id": 2204, "text": "good", "start": 0, "end": 4, "special": false },
            { "id": 102, "text": "[SEP]", "start": 4, "end": 4, "special": true }
          ],
          "total_tokens": 3, "truncated": false, "model": "sentiment", "model_version": "1"
        }
        """);

    public static ApiExample Explain { get; } = new("""{ "text": "a good film" }""", $$"""
        {
          "prediction": {{Prediction}}, "label": "POSITIVE",
          "tokens": [{ "token": { "id": 2204, "text": "good", "start": 2, "end": 6, "special": false }, "value": 1.7 }],
          "words": [{ "text": "good", "start": 2, "end": 6, "value": 1.7 }],
          "steps": 16, "logit": 1.74, "baseline_logit": 0.03, "gap": 0.01, "warning": ""
        }
        """);

    public static ApiExample Models { get; } = new(null, """
        {
          "models": [{
            "name": "sentiment", "version": "1", "labels": ["NEGATIVE", "POSITIVE"], "multi_label": false, "max_tokens": 512, "is_default": true,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "size_bytes": 267852122, "precision": "fp32",
            "metadata": {}, "temperature": 1, "threshold": 0.5, "thresholds": [], "loaded": true
          }]
        }
        """);
}
