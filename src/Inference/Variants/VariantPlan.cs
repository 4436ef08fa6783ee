using System.Runtime.InteropServices;

namespace LoraOnnx.Inference.Variants;

/// <summary>So many rows from one on that a variant changes.</summary>
internal readonly record struct VariantSegment(int First, int Count, ModelVariant Variant);

/// <summary>Rows of one run whose logits a head gives: the text of each, and where its logits go.</summary>
internal readonly record struct HeadGroup(VariantHead Head, int[] Texts, int[] Places);

/// <summary>
/// What a run does for variants: which rows are changed by whom, and which heads read which text. Holds the variants' memory until it is disposed.
/// </summary>
internal sealed class VariantPlan : IDisposable
{
    private readonly List<ModelVariant> _held = [];
    private readonly List<VariantSegment> _tokens = [];
    private readonly List<VariantSegment> _texts = [];
    private readonly List<HeadGroup> _heads = [];
    private readonly int _tokenCount;

    /// <exception cref="ObjectDisposedException">A variant has been given back.</exception>
    public VariantPlan(IReadOnlyList<VariantRow> rows)
    {
        try
        {
            var asked = new Dictionary<ModelVariant, List<int>>();
            for (var text = 0; text < rows.Count; text++)
            {
                var row = rows[text];
                if (row.Encoder is { } encoder)
                {
                    Append(_tokens, _tokenCount, row.Ids.Length, encoder);
                    Append(_texts, text, 1, encoder);
                }

                _tokenCount += row.Ids.Length;
                foreach (var (_, variant) in row.Answers)
                {
                    if (variant is not null)
                    {
                        (CollectionsMarshal.GetValueRefOrAddDefault(asked, variant, out _) ??= []).Add(text);
                    }
                }
            }

            foreach (var (variant, texts) in asked)
            {
                _held.Add(variant.TryHold() ? variant : throw new ObjectDisposedException(nameof(ModelVariant)));
                Add(variant, texts);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether any variant is asked.</summary>
    public bool IsEmpty => _held.Count == 0;

    /// <summary>Rows and their heads, a few rows each.</summary>
    public IReadOnlyList<HeadGroup> Heads => _heads;

    /// <summary>Logits in all.</summary>
    public int AnswerLength { get; private set; }

    /// <summary>Where the logits of each variant's texts begin, in the order of the texts.</summary>
    public Dictionary<ModelVariant, int> Begins { get; } = [];

    /// <summary>Which rows are changed: of every token, or where only the first ones are left, of every text.</summary>
    public IReadOnlyList<VariantSegment> Changed(long rows) => rows == _tokenCount ? _tokens : _texts;

    public void Dispose() => _held.ForEach(variant => variant.Release());

    private void Add(ModelVariant variant, List<int> texts)
    {
        Begins[variant] = AnswerLength;
        foreach (var some in texts.Chunk(VariantHead.RowsAtOnce))
        {
            _heads.Add(new HeadGroup(variant.Head, some, [.. some.Select((_, index) => AnswerLength + (index * variant.Head.Labels))]));
            AnswerLength += some.Length * variant.Head.Labels;
        }
    }

    private static void Append(List<VariantSegment> segments, int first, int count, ModelVariant variant)
    {
        if (segments.Count > 0 && segments[^1] is var last && last.Variant == variant && last.First + last.Count == first)
        {
            segments[^1] = last with { Count = last.Count + count };
        }
        else
        {
            segments.Add(new VariantSegment(first, count, variant));
        }
    }
}
