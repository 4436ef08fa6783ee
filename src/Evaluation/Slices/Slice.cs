namespace LoraOnnx.Evaluation.Slices;

/// <summary>Some of the texts: those of a length, a label, or a value of a column.</summary>
/// <param name="Kind"><c>length</c>, <c>label</c>, or the column's name.</param>
/// <param name="Value">Which one of its kind.</param>
/// <param name="Title">For people, such as "129 to 384 tokens".</param>
/// <param name="Texts">Indices of the texts, rising.</param>
internal sealed record Slice(string Kind, string Value, string Title, IReadOnlyList<int> Texts);
