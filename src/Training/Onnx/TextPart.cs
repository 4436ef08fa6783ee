using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Onnx;

/// <summary>A packed batch as the graph of a step takes it in, its texts sorted by length.</summary>
/// <remarks>Where attention has padding, one row more than there are tokens stands for it: no text has it, and its gradient is 0.</remarks>
internal sealed class TextPart : IPartInputs
{
    // Letters: B texts, T rows, W the longest text.
    public TextPart(PackedBatch batch, EmbeddingLayout embeddings, LabelTargets labels, double weight)
    {
        var order = batch.ShortestFirst();
        int[] lengths = [.. order.Select(batch.LengthOf)];
        (Texts, Width) = (order.Length, lengths[^1]);
        var isPadded = lengths[0] < Width;
        Rows = batch.TokenCount + (isPadded ? 1 : 0);
        Groups = TextGroup.Padded(lengths);
        var (ids, positions, rows, first) = (new int[Rows], new int[Rows], new int[Rows], new int[Texts]);
        var (slots, padding) = (new int[Texts * Width], new float[Texts * Width]);
        slots.AsSpan().Fill(batch.TokenCount);
        padding.AsSpan().Fill(float.NegativeInfinity);
        for (int text = 0, token = 0; text < Texts; token += lengths[text++])
        {
            var tokens = batch.Ids.AsSpan(batch.Offsets[order[text]], lengths[text]);
            tokens.CopyTo(ids.AsSpan(token));
            embeddings.FillPositions(tokens, positions.AsSpan(token, tokens.Length));
            first[text] = token;
            padding.AsSpan(text * Width, tokens.Length).Clear();
            for (var i = 0; i < tokens.Length; i++)
            {
                rows[token + i] = (text * Width) + i;
                slots[(text * Width) + i] = token + i;
            }
        }

        if (isPadded)
        {
            (ids[^1], positions[^1], rows[^1]) = (ids[0], positions[0], lengths[0]); // the first slot behind the shortest text
        }

        Values =
        [
            new(TrainingInputs.Ids, LentSession.Value<int>(ids, Rows)), new(TrainingInputs.Positions, LentSession.Value<int>(positions, Rows)),
            new(TrainingInputs.Slots, LentSession.Value<int>(slots, Texts, Width)), new(TrainingInputs.Rows, LentSession.Value<int>(rows, Rows)),
            new(TrainingInputs.Padding, LentSession.Value<float>(padding, Texts, 1, 1, Width)),
            new(TrainingInputs.First, LentSession.Value<int>(first, Texts)),
            .. labels.Values([.. order.Select(text => batch.Labels![text])], weight), // checked by the learner
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<NamedValue> Values { get; }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Texts { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TextGroup> Groups { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in Values)
        {
            value.Value.Dispose();
        }
    }
}
