using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Batching;

/// <summary>A text to classify.</summary>
/// <param name="Text">The text; its length has been checked.</param>
/// <param name="Truncation">What to keep of it; null: what the model was trained on.</param>
/// <param name="MayCut">False: refuse a text with more tokens than the model takes.</param>
/// <param name="Caller">Who asks, where that is known.</param>
/// <param name="ExpiresAt">Time stamp of the caller's deadline; <see cref="long.MaxValue"/> for none.</param>
internal readonly record struct TextRequest(string Text, Truncation? Truncation, bool MayCut, string Caller, long ExpiresAt);
