namespace LoraOnnx.Model.Encoders;

/// <summary>
/// One post-norm transformer block: a = norm(x + output(attention(query(x), key(x), value(x)))), then norm(a + down(activation(up(a)))).
/// </summary>
public sealed record BlockLayout(
    LinearLayout Query, LinearLayout Key, LinearLayout Value, LinearLayout Output, NormLayout AttentionNorm, LinearLayout Up, LinearLayout Down,
    NormLayout OutputNorm)
{
    /// <summary>The six linear modules, in the order of the checkpoint.</summary>
    public IReadOnlyList<LinearLayout> Linears { get; } = [Query, Key, Value, Output, Up, Down];

    /// <summary>All tensors, in the order of the checkpoint.</summary>
    public IEnumerable<TensorSpec> Tensors =>
    [
        .. Query.Tensors, .. Key.Tensors, .. Value.Tensors, .. Output.Tensors, .. AttentionNorm.Tensors,
        .. Up.Tensors, .. Down.Tensors, .. OutputNorm.Tensors,
    ];
}
