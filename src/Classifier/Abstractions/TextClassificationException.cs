namespace LoraOnnx;

/// <summary>A model or a server could not answer: its message says why, in one line.</summary>
public sealed class TextClassificationException : Exception
{
    /// <summary>Without a reason.</summary>
    public TextClassificationException()
    {
    }

    /// <summary>With a reason.</summary>
    public TextClassificationException(string message)
        : base(message)
    {
    }

    /// <summary>With a reason and what lies behind it.</summary>
    public TextClassificationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
