namespace LoraOnnx.Reports.Values;

/// <summary>A number or words as people read them. Whatever it holds stays text: nothing in it becomes markup.</summary>
public sealed record Piece(string Text)
{
    /// <summary>Where the report's JSON has the number with all digits (RFC 6901), so that a test can hold one against the other.</summary>
    public IReadOnlyList<string> Pointers { get; init; } = [];

    /// <summary>Its colour where it is good or bad news.</summary>
    public Tone Tone { get; init; }

    /// <summary>In letters of one width: paths, hashes, expressions.</summary>
    public bool IsCode { get; init; }

    /// <summary>The number of a model, whose name this is; null: no model's name.</summary>
    public int? Model { get; init; }

    /// <summary>Words.</summary>
    public static implicit operator Piece(string text) => new(text);
}
