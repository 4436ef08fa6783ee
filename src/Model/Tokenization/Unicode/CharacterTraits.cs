namespace LoraOnnx.Model.Tokenization.Unicode;

/// <summary>Properties of a code point; names as in <c>unicode-tables.txt</c>.</summary>
[Flags]
internal enum CharacterTraits : byte
{
    None = 0,
    Control = 1,
    Space = 2,
    Punctuation = 4,
    Mark = 8,
}
