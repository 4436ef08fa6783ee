namespace LoraOnnx.Evaluation.Slices;

/// <summary>For which values of a column weights of their own are better than those for all, and for which worse, by more than chance.</summary>
internal sealed record ValueFindings(string Column, IReadOnlyList<string> BetterOwn, IReadOnlyList<string> BetterPooled,
    IReadOnlyList<string> Unclear)
{
    /// <summary>Of slices with two models each: the weights for all, then each text's own.</summary>
    public static ValueFindings Of(string column, IReadOnlyList<SliceReport> slices)
    {
        IReadOnlyList<string> With(string? verdict) =>
            [.. slices.Where(slice => slice.Models[1].Verdict == verdict).Select(slice => slice.Slice.Title)];
        return new ValueFindings(column, With("gains"), With("loses"), With(null));
    }

    /// <summary>In a sentence.</summary>
    public string Text
    {
        get
        {
            string[] parts =
            [
                .. BetterPooled.Count > 0 ? [$"the weights for all are better for {Names(BetterPooled)}"] : Array.Empty<string>(),
                .. BetterOwn.Count > 0 ? [$"their own for {Names(BetterOwn)}"] : Array.Empty<string>(),
                .. Unclear.Count > 0 ? [$"for {Names(Unclear)} chance may explain the difference"] : Array.Empty<string>(),
            ];
            return $"By the values of {Column}, in accuracy: {string.Join("; ", parts)}.";
        }
    }

    private static string Names(IReadOnlyList<string> names)
    {
        const int Most = 12;
        return string.Join(", ", names.Take(Most)) + (names.Count > Most ? $" and {Reports.Numbers.Count(names.Count - Most)} more" : "");
    }
}
