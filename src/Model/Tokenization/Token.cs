namespace LoraOnnx.Model.Tokenization;

/// <summary>One token and where it came from.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">Where it begins, in UTF-16 units of the original text; 0 for the special tokens around a text.</param>
/// <param name="End">Where it ends, exclusive; 0 for the special tokens around a text.</param>
public readonly record struct Token(int Id, int Start, int End);
