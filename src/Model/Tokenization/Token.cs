namespace LoraOnnx.Model.Tokenization;

/// <summary>One token and where it came from. <paramref name="Start"/> and <paramref name="End"/> count UTF-16 units of the original text (end exclusive); 0, 0 for [CLS] and [SEP].</summary>
public readonly record struct Token(int Id, int Start, int End);
