namespace LoraOnnx.Reports.Values;

/// <summary>A text to read: its beginning, what the data says of it, and what each model says.</summary>
public sealed record Excerpt(string Text, Line Label, IReadOnlyList<Line> Answers)
{
    /// <summary>The same text as models see it, in place of the plain one; empty: nobody explains it.</summary>
    public IReadOnlyList<WordPicture> Pictures { get; init; } = [];
}

/// <summary>Texts that have something in common.</summary>
public sealed record ExcerptList(string Title, string Note, IReadOnlyList<Excerpt> Texts);
