namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>How a text is cleaned before it is cut into word pieces: Hugging Face's BertNormalizer.</summary>
/// <param name="CleanText">Remove control characters and turn every kind of white space into a space.</param>
/// <param name="SplitChinese">Make a word of each Chinese character.</param>
/// <param name="StripAccents">Decompose (NFD) and remove non-spacing marks.</param>
/// <param name="Lowercase">Lower the case, after accents are gone.</param>
internal sealed record NormalizerOptions(bool CleanText, bool SplitChinese, bool StripAccents, bool Lowercase);
