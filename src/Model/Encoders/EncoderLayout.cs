namespace LoraOnnx.Model.Encoders;

/// <summary>An encoder with its head as data: every module by its role, with the name that the checkpoint has for it. A family's config reader fills
/// it.</summary>
/// <param name="Shape">Sizes and constants.</param>
/// <param name="Embeddings">From ids to the first hidden state.</param>
/// <param name="Blocks">The blocks in order.</param>
/// <param name="Pooler">Applied to the first token's state, then tanh; null where there is none. Part of the encoder: the head reads what it
/// gives.</param>
/// <param name="Head">From the feature to the logits.</param>
public sealed record EncoderLayout(
    EncoderShape Shape, EmbeddingLayout Embeddings, IReadOnlyList<BlockLayout> Blocks, LinearLayout? Pooler, HeadLayout Head)
{
    /// <summary>The linear module of that name.</summary>
    public LinearLayout Linear(string name) => Linears.First(linear => linear.Name == name);

    /// <summary>Every linear module in the order of the checkpoint: the blocks', the pooler, the head's.</summary>
    public IEnumerable<LinearLayout> Linears =>
        [.. Blocks.SelectMany(block => block.Linears), .. Pooler is null
            ? (LinearLayout[])[]
            : [Pooler], .. Head.Linears.Select(step => step.Linear)];

    /// <summary>The tensors of the encoder, head aside, in the order of the checkpoint.</summary>
    public IEnumerable<TensorSpec> EncoderTensors =>
        [.. Embeddings.Tensors, .. Blocks.SelectMany(block => block.Tensors), .. Pooler?.Tensors ?? []];

    /// <summary>Every tensor, the head's last.</summary>
    public IEnumerable<TensorSpec> Tensors => [.. EncoderTensors, .. Head.Tensors];

    /// <summary>Names of all modules that hold weights, containers included, as <c>named_modules()</c> gives them.</summary>
    public IEnumerable<string> ModuleNames =>
        Tensors.Select(spec => spec.Key[..spec.Key.LastIndexOf('.')]).SelectMany(WithContainers).Distinct(StringComparer.Ordinal);

    /// <summary>The same encoder where the pooler is new: it is then trained and saved as the first step of the head. Itself where there is no
    /// pooler.</summary>
    public EncoderLayout WithPoolerInHead() => Pooler is null ? this
        : this with
        {
            Pooler = null,
            Head = new HeadLayout([new HeadLinear(Pooler, Activation.Tanh, DropsInput: false), .. Head.Linears]) { BeginsWithPooler = true },
        };

    private static IEnumerable<string> WithContainers(string module)
    {
        for (var dot = module.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = module.IndexOf('.', dot + 1))
        {
            yield return module[..dot];
        }

        yield return module;
    }
}
