namespace LoraOnnx.Reports.Values;

/// <summary>Pieces beside each other.</summary>
public sealed record Line(params IReadOnlyList<Piece> Pieces)
{
    /// <summary>What the eye should find first.</summary>
    public bool IsStrong { get; init; }

    /// <summary>Small print: intervals and differences.</summary>
    public bool IsSmall { get; init; }

    /// <summary>Its colour where it is good or bad news.</summary>
    public Tone Tone { get; init; }
}

/// <summary>A cell of a table: lines below each other.</summary>
public sealed record Cell(params IReadOnlyList<Line> Lines)
{
    /// <summary>Share of its row, 0 to 1, that fills it with colour; null: none.</summary>
    public double? Heat { get; init; }

    /// <summary>The colour of <see cref="Heat"/>.</summary>
    public Tone Tone { get; init; }

    /// <summary>Words.</summary>
    public static implicit operator Cell(string text) => new(new Line(new Piece(text)));

    /// <summary>One piece.</summary>
    public static implicit operator Cell(Piece piece) => new(new Line(piece));
}

/// <summary>A table: what it is, names of its columns, and rows whose first cell names them.</summary>
public sealed record Table(string Caption, IReadOnlyList<Cell> Columns, IReadOnlyList<IReadOnlyList<Cell>> Rows)
{
    /// <summary>On a narrow screen each row becomes a card.</summary>
    public bool IsCards { get; init; }

    /// <summary>Columns, by their place, that a card leaves out: they stand elsewhere, too.</summary>
    public IReadOnlySet<int> OfDesks { get; init; } = new HashSet<int>();

    /// <summary>Columns of words, by their place: they are set to the left and may wrap.</summary>
    public IReadOnlySet<int> Words { get; init; } = new HashSet<int>();
}
