using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Batching;

/// <summary>What makes two requests to one model the same work.</summary>
/// <param name="Caller">Empty where all callers may share; else who asks, and shares with nobody else.</param>
/// <param name="Text">The text.</param>
/// <param name="Truncation">What is kept of it.</param>
internal readonly record struct TextKey(string Caller, string Text, Truncation Truncation);
