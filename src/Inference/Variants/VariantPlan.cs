namespace LoraOnnx.Inference.Variants;

/// <summary>So many rows from one on that a variant changes.</summary>
internal readonly record struct VariantSegment(int First, int Count, ModelVariant Variant);

/// <summary>Which rows of one run are changed by whom.</summary>
internal sealed class VariantPlan
{
    private readonly List<VariantSegment> _tokens = [];
    private readonly List<VariantSegment> _texts = [];
    private readonly int _tokenCount;

    public VariantPlan(IReadOnlyList<VariantRow> rows)
    {
        for (var text = 0; text < rows.Count; text++)
        {
            var row = rows[text];
            if (row.Encoder is { } encoder)
            {
                Append(_tokens, _tokenCount, row.Ids.Length, encoder);
                Append(_texts, text, 1, encoder);
            }

            _tokenCount += row.Ids.Length;
        }
    }

    /// <summary>Whether no row is changed.</summary>
    public bool IsEmpty => _texts.Count == 0;

    /// <summary>Which rows are changed: of every token, or where only the first ones are left, of every text.</summary>
    public IReadOnlyList<VariantSegment> Changed(long rows) => rows == _tokenCount ? _tokens : _texts;

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
