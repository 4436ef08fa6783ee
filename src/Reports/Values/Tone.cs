namespace LoraOnnx.Reports.Values;

/// <summary>Whether a figure is good news.</summary>
public enum Tone
{
    /// <summary>Neither, or chance may explain it.</summary>
    Plain,

    /// <summary>Good news.</summary>
    Better,

    /// <summary>Bad news.</summary>
    Worse,
}
