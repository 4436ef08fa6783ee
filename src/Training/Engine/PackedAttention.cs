using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>softmax(Q·Kᵀ/√d)·V within each text of a packed batch, a <see cref="TextGroup"/> a call.</summary>
/// <remarks>
/// Matrices have a row a token, the heads side by side; queries of [CLS] alone have a row a text. In bf16 on a CPU libtorch's flash path reaches a seventh of what
/// matrix multiplications do, so attention is three operations there; elsewhere the flash path.
/// </remarks>
internal sealed class PackedAttention
{
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly double _dropout;
    private readonly bool _firstTokensOnly;
    private readonly Func<Tensor[], TextGroup, double, Tensor> _attend;

    /// <summary>With <paramref name="firstTokensOnly"/>, queries are one row per text; with <paramref name="asMatrices"/>, groups may be padded.</summary>
    public PackedAttention(int heads, int headWidth, double dropout, bool firstTokensOnly, bool asMatrices)
    {
        _heads = heads;
        _headWidth = headWidth;
        _dropout = dropout;
        _firstTokensOnly = firstTokensOnly;
        _attend = asMatrices ? AttendAsMatrices : AttendFlash;
    }

    /// <summary>Contexts, a row for each query row, in the caller's scope; and with a tape what <see cref="Backward"/> needs.</summary>
    public (Tensor Context, IReadOnlyList<LocalGradient?> Gradients) Forward(Tensor query, Tensor key, Tensor value, DeviceBatch batch, bool training, Tape? tape)
    {
        using var scope = NewDisposeScope();
        var context = empty(query.shape[0], query.shape[1], dtype: query.dtype, device: query.device);
        var gradients = new List<LocalGradient?>();
        var dropout = training ? _dropout : 0;
        foreach (var group in batch.Groups)
        {
            using var inner = NewDisposeScope();
            var (result, gradient) = LocalGradient.Run(tape, inputs => _attend(inputs, group, dropout),
                Heads(query, group, _firstTokensOnly), Heads(key, group, false), Heads(value, group, false));
            Write(result, context, group, _firstTokensOnly);
            gradients.Add(gradient);
        }

        return (context.MoveToOuterDisposeScope(), gradients);
    }

    /// <summary>Writes the gradients of queries, keys and values into the three matrices given.</summary>
    public void Backward(Tensor contextGradient, IReadOnlyList<LocalGradient?> gradients, DeviceBatch batch, Tensor queryGradient, Tensor keyGradient, Tensor valueGradient)
    {
        foreach (var (group, gradient) in batch.Groups.Zip(gradients))
        {
            using var scope = NewDisposeScope();
            var parts = gradient!.Backward(Heads(contextGradient, group, _firstTokensOnly)); // recorded: backward follows a forward with a tape
            Write(parts[0], queryGradient, group, _firstTokensOnly);
            Write(parts[1], keyGradient, group, false);
            Write(parts[2], valueGradient, group, false);
        }
    }

    private static Tensor AttendFlash(Tensor[] inputs, TextGroup group, double dropout) =>
        nn.functional.scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], p: dropout);

    private Tensor AttendAsMatrices(Tensor[] inputs, TextGroup group, double dropout)
    {
        var (query, key, value) = (inputs[0].flatten(0, 1), inputs[1].flatten(0, 1), inputs[2].flatten(0, 1)); // [texts·heads, width, headWidth]
        using var scale = (1 / Math.Sqrt(_headWidth)).ToScalar();
        var scores = query.mul(scale).bmm(key.transpose(1, 2));
        HidePadding(scores, group);
        var probabilities = scores.softmax(-1);
        probabilities = dropout > 0 ? nn.functional.dropout(probabilities, dropout, training: true) : probabilities;
        return probabilities.bmm(value).unflatten(0, [group.Texts, _heads]);
    }

    /// <summary>No probability for columns beyond a text's end. Unseen by autograd, which needs not know: where a probability is 0, so is its gradient.</summary>
    private void HidePadding(Tensor scores, TextGroup group)
    {
        using var noGradient = no_grad();
        using var never = double.NegativeInfinity.ToScalar();
        var perText = scores.detach().unflatten(0, [group.Texts, _heads]);
        for (var text = 0; text < group.Texts; text++)
        {
            if (group.Lengths[text] < group.Width)
            {
                perText.select(0, text).narrow(2, group.Lengths[text], group.Width - group.Lengths[text]).fill_(never);
            }
        }
    }

    /// <summary>The group's rows as [texts, heads, width, headWidth]: where nothing is padded, sharing memory.</summary>
    private Tensor Heads(Tensor rows, TextGroup group, bool firstTokens)
    {
        if (firstTokens || group.IsExact)
        {
            return View(rows, group, firstTokens);
        }

        var padded = zeros(group.Texts, _heads, group.Width, _headWidth, dtype: rows.dtype, device: rows.device);
        foreach (var (text, part, lengths) in Texts(rows, group))
        {
            padded.select(0, text).narrow(1, 0, lengths).copy_(part);
        }

        return padded;
    }

    /// <summary>Puts [texts, heads, width, headWidth] into the group's rows.</summary>
    private void Write(Tensor heads, Tensor rows, TextGroup group, bool firstTokens)
    {
        if (firstTokens || group.IsExact)
        {
            View(rows, group, firstTokens).copy_(heads);
            return;
        }

        foreach (var (text, part, length) in Texts(rows, group))
        {
            part.copy_(heads.select(0, text).narrow(1, 0, length));
        }
    }

    private Tensor View(Tensor rows, TextGroup group, bool firstTokens)
    {
        var (start, length) = firstTokens ? (group.FirstText, 1) : (group.FirstToken, group.Width);
        return rows.narrow(0, start, (long)group.Texts * length).unflatten(1, [_heads, _headWidth]).unflatten(0, [group.Texts, length]).transpose(1, 2);
    }

    /// <summary>Each text's rows as [heads, length, headWidth], sharing memory.</summary>
    private IEnumerable<(int Text, Tensor Part, int Length)> Texts(Tensor rows, TextGroup group)
    {
        var start = group.FirstToken;
        for (var text = 0; text < group.Texts; text++)
        {
            yield return (text, rows.narrow(0, start, group.Lengths[text]).unflatten(1, [_heads, _headWidth]).transpose(0, 1), group.Lengths[text]);
            start += group.Lengths[text];
        }
    }
}
