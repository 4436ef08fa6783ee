using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Variants;

/// <summary>
/// A text and which variant of the base is asked; null: the base itself. One encoded text may stand in several: heads share its states.
/// </summary>
public readonly record struct VariantText(EncodedText Text, ModelVariant? Variant);

/// <summary>A text's way through the encoder, and who reads what comes out: places among the answers, and whose head.</summary>
internal sealed class VariantRow(int[] ids, ModelVariant? encoder)
{
    public int[] Ids => ids;

    /// <summary>The variant that changes the encoder's rows, or null.</summary>
    public ModelVariant? Encoder => encoder;

    public List<(int Place, ModelVariant? Variant)> Answers { get; } = [];

    /// <summary>
    /// The rows that texts need: those of one encoder side by side, each encoded text once for all heads that read the same states.
    /// </summary>
    public static IReadOnlyList<VariantRow> Of(IReadOnlyList<VariantText> batch)
    {
        var rows = new List<VariantRow>(batch.Count);
        var known = new Dictionary<(int[] Ids, ModelVariant? Encoder), VariantRow>(batch.Count);
        for (var place = 0; place < batch.Count; place++)
        {
            var (text, variant) = batch[place];
            var key = (text.Ids, variant is { ChangesEncoder: true } ? variant : null);
            if (!known.TryGetValue(key, out var row))
            {
                known[key] = row = new VariantRow(key.Ids, key.Item2);
                rows.Add(row);
            }

            row.Answers.Add((place, variant));
        }

        var order = new Dictionary<ModelVariant, int>();
        return [.. rows.OrderBy(row => row.Encoder is null ? -1 : Order(row.Encoder))]; // stable

        int Order(ModelVariant encoder) => order.TryGetValue(encoder, out var number) ? number : order[encoder] = order.Count;
    }
}
