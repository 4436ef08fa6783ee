namespace LoraOnnx.Scoring.Output;

/// <summary>What a run counts.</summary>
/// <param name="Rows">Rows done.</param>
/// <param name="Labels">Texts for each class.</param>
/// <param name="Cut">Texts of which a part was left out.</param>
/// <param name="Unreadable">Rows without a label.</param>
/// <param name="Known">Texts that have a label in the input too, where such labels were asked for.</param>
/// <param name="Agreeing">Those of them to which the model gives the same.</param>
internal sealed record ScoreTotals(long Rows, IReadOnlyList<long> Labels, long Cut, long Unreadable, long Known = 0, long Agreeing = 0)
{
    public static ScoreTotals None(int labels) => new(0, new long[labels], 0, 0);

    public static ScoreTotals Of(IReadOnlyList<ScoredText> scored, int labels)
    {
        var counts = new long[labels];
        foreach (var text in scored)
        {
            if (text.Verdict is { } verdict)
            {
                counts[verdict.Label]++;
            }
        }

        return new(scored.Count, counts, scored.Count(text => text.Verdict is { Truncated: true }), scored.Count(text => text.Verdict is null));
    }

    /// <summary>The same with what the input's own labels say.</summary>
    public ScoreTotals Against(IReadOnlyList<IReadOnlyList<int>?> known, IReadOnlyList<ScoredText> scored, bool isMultiLabel)
    {
        var pairs = known.Zip(scored, (label, text) => (Label: label, text.Verdict)).Where(pair => pair is { Label: not null, Verdict: not null });
        bool[] agreeing = [.. pairs.Select(pair => pair.Label!.ToHashSet()
            .SetEquals(isMultiLabel ? pair.Verdict!.Holding : [pair.Verdict!.Label]))];
        return this with { Known = agreeing.Length, Agreeing = agreeing.Count(isOne => isOne) };
    }

    public static ScoreTotals operator +(ScoreTotals left, ScoreTotals right) => new(left.Rows + right.Rows,
        [.. left.Labels.Zip(right.Labels, (a, b) => a + b)], left.Cut + right.Cut, left.Unreadable + right.Unreadable,
        left.Known + right.Known, left.Agreeing + right.Agreeing);

    /// <summary>One line.</summary>
    public string Text(string target, IReadOnlyList<string> labels)
    {
        var read = Rows - Unreadable;
        var counts = string.Join(", ", labels.Zip(Labels, (label, count) => $"{label} {Count(count)}"));
        var cut = FormattableString.Invariant($"{(read == 0 ? 0 : 100.0 * Cut / read):0.##} % of the texts were cut");
        var errors = Unreadable switch
        {
            0 => "",
            1 => "; 1 row has no label, its column error says why",
            _ => $"; {Count(Unreadable)} rows have no label, their column error says why",
        };
        var agree = Known == 0 ? ""
            : FormattableString.Invariant($"; of {Count(Known)} labels in the input {Count(Agreeing)} agree ({100.0 * Agreeing / Known:0.0} %)");
        return $"{target}: {Count(Rows)} rows: {counts}; {cut}{agree}{errors}.";
    }

    private static string Count(long count) => count.ToString("#,0", System.Globalization.CultureInfo.InvariantCulture);
}
