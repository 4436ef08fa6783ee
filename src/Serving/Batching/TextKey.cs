using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Batching;

/// <summary>What makes two requests to one model the same work.</summary>
internal readonly record struct TextKey(string Text, Truncation Truncation);
