namespace LoraOnnx.Model.Encoders;

/// <summary>A linear module y = W·x + b: its name in the checkpoint, W [<paramref name="Out"/>, <paramref name="In"/>] and b
/// [<paramref name="Out"/>].</summary>
public sealed record LinearLayout(string Name, int Out, int In)
{
    /// <summary>Key of W.</summary>
    public string Weight => $"{Name}.weight";

    /// <summary>Key of b.</summary>
    public string Bias => $"{Name}.bias";

    /// <summary>W and b.</summary>
    public IEnumerable<TensorSpec> Tensors => [new(Weight, Out, In), new(Bias, Out, null)];
}

/// <summary>A layer norm over rows of <paramref name="Width"/> numbers.</summary>
public sealed record NormLayout(string Name, int Width)
{
    /// <summary>Key of the factors.</summary>
    public string Weight => $"{Name}.weight";

    /// <summary>Key of what is added.</summary>
    public string Bias => $"{Name}.bias";

    /// <summary>Both.</summary>
    public IEnumerable<TensorSpec> Tensors => [new(Weight, Width, null), new(Bias, Width, null)];
}
