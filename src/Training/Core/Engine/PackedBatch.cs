using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Training.Engine;

/// <summary>Texts laid end to end without padding: text i is <see cref="Ids"/>[<see cref="Offsets"/>[i]..<see cref="Offsets"/>[i + 1]].</summary>
internal sealed class PackedBatch
{
    /// <summary>Texts with the classes that hold for each: one class for a single-label model, none to N for a multi-label one.</summary>
    public PackedBatch(IReadOnlyList<EncodedText> texts, IReadOnlyList<IReadOnlyList<int>> labels)
        : this(texts)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Count, texts.Count);
        Labels = labels;
    }

    /// <summary>Texts without labels, for logits and features.</summary>
    public PackedBatch(IReadOnlyList<EncodedText> texts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(texts.Count);
        Offsets = new int[texts.Count + 1];
        for (var text = 0; text < texts.Count; text++)
        {
            Offsets[text + 1] = Offsets[text] + texts[text].Ids.Length;
        }

        Ids = new int[Offsets[^1]];
        for (var text = 0; text < texts.Count; text++)
        {
            texts[text].Ids.CopyTo(Ids, Offsets[text]);
        }
    }

    /// <summary>Token ids of all texts, one after another.</summary>
    public int[] Ids { get; }

    /// <summary>Where each text starts, and the total at the end: one entry more than there are texts.</summary>
    public int[] Offsets { get; }

    /// <summary>The classes of each text, or null.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Labels { get; }

    /// <summary>Number of texts.</summary>
    public int TextCount => Offsets.Length - 1;

    /// <summary>Number of real tokens; there are no others.</summary>
    public int TokenCount => Ids.Length;

    /// <summary>Tokens of a text.</summary>
    public int LengthOf(int text) => Offsets[text + 1] - Offsets[text];

    /// <summary>The texts, shortest first; of equal length in their order, so that equal batches give equal bits.</summary>
    public int[] ShortestFirst() => [.. Enumerable.Range(0, TextCount).OrderBy(LengthOf)];
}
