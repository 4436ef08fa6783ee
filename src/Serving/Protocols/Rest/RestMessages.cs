using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace LoraOnnx.Serving.Protocols.Rest;

// The JSON of /v1, in snake case: the messages of lora_onnx.v1 with the same names and meanings. What is absent has the default given here.

/// <summary>A text to classify.</summary>
internal sealed record PredictBody(
    [property: Description("The text. Empty and blank texts are valid.")] string Text,
    [property: Description("Name of the model; empty: the default one.")] string Model = "",
    [property: Description("Version of the model; empty: the one loaded last.")] string ModelVersion = "",
    [property: Description("What to keep of a text that is too long; empty: as in training."),
        AllowedValues("", "head", "tail", "head_and_tail", "refuse")] string Truncation = "",
    [property: Description("Return the raw logits too.")] bool IncludeLogits = false,
    [property: Description("Several models for one text, each NAME or NAME@VERSION; the answer is a list of predictions then.")]
    IReadOnlyList<string>? Models = null);

/// <summary>Texts to classify in one call.</summary>
internal sealed record PredictBatchBody(
    [property: Description("The texts.")] IReadOnlyList<string> Texts,
    [property: Description("Name of the model for all texts; empty: the default one.")] string Model = "",
    [property: Description("Version of the model; empty: the one loaded last.")] string ModelVersion = "",
    [property: Description("What to keep of a text that is too long; empty: as in training."),
        AllowedValues("", "head", "tail", "head_and_tail", "refuse")] string Truncation = "",
    [property: Description("Return the raw logits too.")] bool IncludeLogits = false);

/// <summary>A class and its probability.</summary>
internal sealed record ScoreAnswer(string Label, float Score);

/// <summary>Microseconds spent on a text inside the server.</summary>
internal sealed record TimesAnswer(ulong QueueUs, ulong TokenizeUs, ulong InferUs, ulong TotalUs);

/// <summary>What the model makes of a text.</summary>
internal sealed record PredictAnswer(
    [property: Description("The class decided for.")] string Label,
    [property: Description("Its probability, 0 to 1.")] float Score,
    [property: Description("A score for every class, in the order of the model's labels.")] IReadOnlyList<ScoreAnswer> Scores,
    [property: Description("Of a multi-label model: all classes at or above the threshold.")] IReadOnlyList<string> Labels,
    [property: Description("The model's outputs, on request.")] IReadOnlyList<float> Logits,
    [property: Description("Tokens that the model read.")] uint Tokens,
    [property: Description("Tokens of the whole text.")] uint TotalTokens,
    [property: Description("True when part of the text was left out.")] bool Truncated,
    string Model,
    string ModelVersion,
    TimesAnswer Times,
    [property: Description("True when the answer came from the cache or from an identical text in flight.")] bool Shared);

/// <summary>What each of several models makes of a text, in their order.</summary>
internal sealed record TogetherAnswer(IReadOnlyList<PredictAnswer> Predictions);

/// <summary>Why a text has no answer.</summary>
internal sealed record ErrorAnswer([property: Description("A gRPC status code.")] int Code, string Message, string Field);

/// <summary>A prediction or an error, never both.</summary>
internal sealed record ItemAnswer(PredictAnswer? Prediction, ErrorAnswer? Error);

/// <summary>Results in the order of the texts.</summary>
internal sealed record PredictBatchAnswer(IReadOnlyList<ItemAnswer> Results);

/// <summary>A text to tokenise.</summary>
internal sealed record TokenizeBody(
    [property: Description("The text.")] string Text,
    [property: Description("Name of the model whose tokenizer is meant; empty: the default one.")] string Model = "",
    [property: Description("Version of the model; empty: the one loaded last.")] string ModelVersion = "",
    [property: Description("What to keep of a text that is too long; empty: as in training."),
        AllowedValues("", "head", "tail", "head_and_tail", "refuse")] string Truncation = "",
    [property: Description("Longest result in tokens; 0: the model's limit.")] uint MaxTokens = 0,
    [property: Description("What start and end count."), AllowedValues("code_points", "utf16", "utf8_bytes")] string OffsetUnit = "code_points");

/// <summary>A token: its vocabulary entry and where it stands in the text.</summary>
internal sealed record TokenAnswer(uint Id, string Text, uint Start, uint End, bool Special);

/// <summary>A text as the model reads it.</summary>
internal sealed record TokenizeAnswer(IReadOnlyList<TokenAnswer> Tokens, uint TotalTokens, bool Truncated, string Model, string ModelVersion);

/// <summary>A text whose answer is to be explained.</summary>
internal sealed record ExplainBody(
    [property: Description("The text.")] string Text,
    [property: Description("Name of the model; empty: the default one.")] string Model = "",
    [property: Description("Version of the model; empty: the one loaded last.")] string ModelVersion = "",
    [property: Description("What to keep of a text that is too long; empty: as in training."),
        AllowedValues("", "head", "tail", "head_and_tail", "refuse")] string Truncation = "",
    [property: Description("The class whose logit is explained; empty: the one decided for.")] string Label = "",
    [property: Description("What start and end count."), AllowedValues("code_points", "utf16", "utf8_bytes")] string OffsetUnit = "code_points");

/// <summary>A token and what it adds to the logit.</summary>
internal sealed record TokenAttributionAnswer(TokenAnswer Token, double Value);

/// <summary>A word as it stands in the text, and what it adds to the logit.</summary>
internal sealed record WordAttributionAnswer(string Text, uint Start, uint End, double Value);

/// <summary>What each word of a text adds to the logit of a class.</summary>
internal sealed record ExplainAnswer(
    [property: Description("What the model makes of the text.")] PredictAnswer Prediction,
    [property: Description("The class whose logit is explained.")] string Label,
    IReadOnlyList<TokenAttributionAnswer> Tokens,
    IReadOnlyList<WordAttributionAnswer> Words,
    [property: Description("Steps from baseline to text.")] uint Steps,
    [property: Description("The logit for the text.")] double Logit,
    [property: Description("The logit for the baseline: [PAD] between the first and the last token.")] double BaselineLogit,
    [property: Description("How far the sum of all attributions is from logit - baseline_logit.")] double Gap,
    [property: Description("Set where the gap is larger than it should be.")] string Warning);

/// <summary>A model that can be named.</summary>
internal sealed record ModelAnswer(
    string Name,
    string Version,
    IReadOnlyList<string> Labels,
    bool MultiLabel,
    uint MaxTokens,
    bool IsDefault,
    string Sha256,
    ulong SizeBytes,
    [property: Description("What the layers compute in, whatever the file is in.")] string Precision,
    IReadOnlyDictionary<string, string> Metadata,
    double Temperature,
    double Threshold,
    [property: Description("Scores from which each class of a multi-label model counts as given; empty for other models.")]
    IReadOnlyList<double> Thresholds,
    bool Loaded);

/// <summary>All models, the default one first.</summary>
internal sealed record ModelsAnswer(IReadOnlyList<ModelAnswer> Models);
