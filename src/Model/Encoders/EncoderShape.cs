namespace LoraOnnx.Model.Encoders;

/// <summary>Sizes and constants of an encoder.</summary>
public sealed record EncoderShape
{
    /// <summary>Width of the hidden state.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>Number of attention heads; divides <see cref="Width"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Width inside the feed-forward part.</summary>
    public required int UpWidth { get; init; }

    /// <summary>Rows of the word embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Rows of the position embedding.</summary>
    public required int Positions { get; init; }

    /// <summary>Activation of the feed-forward part.</summary>
    public Activation Activation { get; init; }

    /// <summary>Layer normalisation adds this to the variance.</summary>
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>Width of one attention head.</summary>
    public int HeadWidth => Width / Heads;
}
