namespace LoraOnnx.Evaluation.Texts;

/// <summary>A text worth reading: the beginning of it, its label in the data, and what each model said.</summary>
internal sealed record TextExcerpt(int Index, string Label, string Text, IReadOnlyList<TextAnswer> Answers)
{
    private const int MostCharacters = 600;
    private const char More = '…';

    /// <summary>How many characters of the text are shown: all, or all but the sign that more follows.</summary>
    public int Characters => Text.Length >= MostCharacters && Text[^1] == More ? Text.Length - 1 : Text.Length;

    /// <summary>The beginning of a long text, with a sign that more follows; no character is cut in half.</summary>
    public static string Shorten(string text)
    {
        if (text.Length <= MostCharacters)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;
        return $"{text[..end]}{More}";
    }
}

/// <summary>Texts that show what a model changed, against the first one, and where it fails.</summary>
/// <param name="Gained">Only this model is right: largest rise of the true label's score first. Empty for the first model.</param>
/// <param name="Lost">Only the first model is right: largest fall first. Empty for the first model.</param>
/// <param name="WorstErrors">Wrong answers, the lowest score of the true label first.</param>
internal sealed record ModelTexts(IReadOnlyList<TextExcerpt> Gained, IReadOnlyList<TextExcerpt> Lost, IReadOnlyList<TextExcerpt> WorstErrors);
