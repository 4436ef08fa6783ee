namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Where a word mark is put that is not in the text: <c>prepend_scheme</c> of Metaspace.</summary>
internal enum MarkPlace
{
    /// <summary>Before every stretch of text.</summary>
    Always,

    /// <summary>Before the beginning of the text only.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>How words are told apart: <c>Metaspace</c>, after a <c>WhitespaceSplit</c> or alone.</summary>
/// <param name="Mark">Stands for a blank: ▁.</param>
/// <param name="Place">Where it is put besides.</param>
/// <param name="Splits">Each mark begins a word.</param>
/// <param name="SplitsAtWhiteSpace">White space parts words and is gone.</param>
internal sealed record WordMark(char Mark, MarkPlace Place, bool Splits, bool SplitsAtWhiteSpace);
