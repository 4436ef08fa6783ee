using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Attention over a packed batch, a <see cref="TextGroup"/> a call: lays the rows of each text out by heads, and back.</summary>
/// <remarks>Matrices have a row a token, the heads side by side; queries of [CLS] alone have a row a text.</remarks>
internal sealed class PackedAttention
{
    private readonly IAttention _attention;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly bool _firstTokensOnly;

    /// <summary>With <paramref name="firstTokensOnly"/>, queries are one row per text.</summary>
    public PackedAttention(IAttention attention, int heads, int headWidth, bool firstTokensOnly)
    {
        _attention = attention;
        _heads = heads;
        _headWidth = headWidth;
        _firstTokensOnly = firstTokensOnly;
    }

    /// <summary>Contexts, a row for each query row, in the caller's scope; and for each group, with a tape, what <see cref="Backward"/>
    /// needs.</summary>
    public (Tensor Context, IReadOnlyList<Func<Tensor, Tensor[]>> Saved) Forward(
        Tensor query, Tensor key, Tensor value, DeviceBatch batch, Dropout? dropout, Tape? tape)
    {
        using var scope = NewDisposeScope();
        var context = _firstTokensOnly ? empty_like(query) : batch.NewRows(query.shape[1], query.dtype);
        var saved = new List<Func<Tensor, Tensor[]>>();
        foreach (var group in batch.Groups)
        {
            using var inner = NewDisposeScope();
            var (result, backward) = _attention.Attend(
                Heads(query, group, _firstTokensOnly), Heads(key, group, false), Heads(value, group, false), group, dropout, tape);
            Write(result, context, group, _firstTokensOnly);
            if (backward is not null)
            {
                saved.Add(backward);
            }
        }

        return (context.MoveToOuterDisposeScope(), saved);
    }

    /// <summary>Writes the gradients of queries, keys and values into the three matrices given.</summary>
    public void Backward(Tensor contextGradient, IReadOnlyList<Func<Tensor, Tensor[]>> saved, DeviceBatch batch, Tensor queryGradient,
        Tensor keyGradient, Tensor valueGradient)
    {
        foreach (var (group, backward) in batch.Groups.Zip(saved))
        {
            using var scope = NewDisposeScope();
            var parts = backward(Heads(contextGradient, group, _firstTokensOnly));
            Write(parts[0], queryGradient, group, _firstTokensOnly);
            Write(parts[1], keyGradient, group, false);
            Write(parts[2], valueGradient, group, false);
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
        foreach (var (text, part, length) in Texts(rows, group))
        {
            padded.select(0, text).narrow(1, 0, length).copy_(part);
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
        return rows.narrow(0, start, (long)group.Texts * length).unflatten(1, [_heads, _headWidth]).unflatten(0, [group.Texts, length])
            .transpose(1, 2);
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
