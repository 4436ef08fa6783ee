namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>Puts a text in the place of another: <c>Replace</c>, for a literal or for runs of blanks (<c> {2,}</c>).</summary>
/// <param name="pattern">The literal; null for two blanks or more.</param>
/// <param name="content">What takes its place, all of it at the place of the last character replaced.</param>
internal sealed class ReplaceStep(string? pattern, string content) : INormalizerStep
{
    /// <summary>The only regular expression that is followed.</summary>
    public const string RunOfBlanks = " {2,}";

    public string Identity => $"replace {pattern ?? RunOfBlanks} {content}";

    public bool LeavesAlone(char unit) => pattern is null || unit != pattern[0];

    public void Apply(ref NormalizedText text, ref NormalizedText spare)
    {
        var literal = pattern ?? "  ";
        var from = text.Text.IndexOf(literal, StringComparison.Ordinal);
        if (from < 0)
        {
            return;
        }

        spare.Clear();
        var index = NormalizedText.First;
        while (from >= 0)
        {
            Copy(text, spare, index, index + from);
            index += from + literal.Length;
            while (pattern is null && index < text.End && text.Units[index] == ' ')
            {
                index++;
            }

            foreach (var unit in content)
            {
                spare.Append(unit, text.Starts[index - 1], text.Ends[index - 1]);
            }

            from = ((ReadOnlySpan<char>)text.Units[index..text.End]).IndexOf(literal, StringComparison.Ordinal);
        }

        Copy(text, spare, index, text.End);
        (text, spare) = (spare, text);
    }

    private static void Copy(NormalizedText text, NormalizedText spare, int from, int to)
    {
        for (var index = from; index < to; index++)
        {
            spare.Append(text.Units[index], text.Starts[index], text.Ends[index]);
        }
    }
}
