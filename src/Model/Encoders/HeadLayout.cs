namespace LoraOnnx.Model.Encoders;

/// <summary>One step of a head: dropout where <paramref name="DropsInput"/>, the linear module, then the activation if there is one.</summary>
public sealed record HeadLinear(LinearLayout Linear, Activation? Activation, bool DropsInput);

/// <summary>The classification head: from the encoder's feature [width] to the logits [labels]. What <c>lora-train --method head</c>
/// trains.</summary>
public sealed record HeadLayout(IReadOnlyList<HeadLinear> Linears)
{
    /// <summary>The first step is a pooler that the checkpoint lacks, so that it is trained and saved with the head.</summary>
    public bool BeginsWithPooler { get; init; }

    /// <summary>All tensors, in the order of the checkpoint.</summary>
    public IReadOnlyList<TensorSpec> Tensors { get; } = [.. Linears.SelectMany(step => step.Linear.Tensors)];

    /// <summary>Keys of all tensors.</summary>
    public IReadOnlyList<string> Keys => [.. Tensors.Select(spec => spec.Key)];

    /// <summary>The module that gives the logits.</summary>
    public LinearLayout Last => Linears[^1].Linear;

    /// <summary>The same head for another number of classes.</summary>
    public HeadLayout WithClasses(int classes) =>
        new([.. Linears.SkipLast(1), Linears[^1] with { Linear = Last with { Out = classes } }]) { BeginsWithPooler = BeginsWithPooler };
}
