namespace LoraOnnx;

/// <summary>Which part of a text is kept when it has more tokens than the model takes. Special tokens always stay.</summary>
public enum TextTruncation
{
    /// <summary>The part that the model was trained on: the beginning unless its files say otherwise.</summary>
    AsTrained,

    /// <summary>The beginning.</summary>
    Head,

    /// <summary>The end.</summary>
    Tail,

    /// <summary>A quarter from the beginning and the rest from the end.</summary>
    HeadAndTail,

    /// <summary>None: the text is answered with a <see cref="TextClassificationException"/>.</summary>
    Refuse,
}
