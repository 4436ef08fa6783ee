using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph;

/// <summary>
/// What a serving-shaped graph has more when it takes adapters: after each linear and each norm of the encoder an operator that may change its rows
/// in place; and the states that heads read are an output. Which rows are changed is said by the plan of a run, whose number is an input.
/// </summary>
public static class VariantNodes
{
    /// <summary>The input: the number of the run's plan [1]; 0: no text is changed.</summary>
    public const string Plan = "plan";

    /// <summary>The output: the first tokens' states [texts, width], which a text's own head reads.</summary>
    public const string States = "states";

    /// <summary>The operator behind a linear or a norm: inputs are its rows, for a linear what it took, and the plan.</summary>
    public static string Behind(string module) => $"{module}.changed";

    /// <summary>The linears whose rows can be changed.</summary>
    public static IEnumerable<LinearLayout> Linears(EncoderLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.Blocks.SelectMany(block => block.Linears);
    }

    /// <summary>The norms whose rows can be changed.</summary>
    public static IEnumerable<NormLayout> Norms(EncoderLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return [layout.Embeddings.Norm, .. layout.Blocks.SelectMany(block => (NormLayout[])[block.AttentionNorm, block.OutputNorm])];
    }

    /// <summary>The linears behind the encoder's blocks: a text's own head may have others.</summary>
    public static IEnumerable<HeadLinear> Head(EncoderLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return [.. layout.Pooler is { } pooler ? (HeadLinear[])[new HeadLinear(pooler, Activation.Tanh, DropsInput: false)] : [],
            .. layout.Head.Linears];
    }

    /// <summary>The tensors that adapters are measured against: biases, norms and the head's, in fp32.</summary>
    public static IEnumerable<TensorSpec> Tensors(EncoderLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return
        [
            .. Linears(layout).Select(linear => new TensorSpec(linear.Bias, linear.Out, null)),
            .. Norms(layout).SelectMany(norm => norm.Tensors),
            .. Head(layout).SelectMany(step => step.Linear.Tensors),
        ];
    }
}
