using LoraOnnx.Graph;

namespace LoraOnnx.Serving.Models;

/// <summary>Which model a variant runs on.</summary>
internal static class VariantBases
{
    /// <summary>
    /// The one that it names; else the one whose weights have the hash that the variant's run names; else the only one that has no adapter merged
    /// into
    /// it.
    /// </summary>
    /// <exception cref="InputException">There is none, or none of several is named.</exception>
    public static ModelSlot Choose(IReadOnlyList<ModelSlot> slots, ModelSource variant, string? hash)
    {
        ModelSlot[] models = [.. slots.Where(slot => !slot.IsVariant)];
        if (variant.Base is { } name)
        {
            return models.LastOrDefault(slot => slot.Name == name) ?? throw InputException.InFile(
                variant.Path, $"there is no model '{name}' to serve {variant.Name} on.", $"models are {Names(models)}.");
        }

        if (models.LastOrDefault(slot => hash is not null && BaseHash(slot) == hash && !IsMerged(slot)) is { } own)
        {
            return own;
        }

        ModelSlot[] raw = [.. models.Where(slot => !IsMerged(slot))];
        return (raw.Length == 0 ? models : raw) switch
        {
            [var only] => only,
            [] => throw InputException.InFile(variant.Path, $"there is no model to serve {variant.Name} on.", "give its base with --model."),
            var several => throw InputException.InFile(variant.Path, $"does not say which of the models {Names(several)} it was trained on.",
                $"name it: {variant.Name}@{several[0].Name}={variant.Path}."),
        };
    }

    private static string? BaseHash(ModelSlot slot) => slot.Model.Description.Metadata.GetValueOrDefault(OnnxMetadata.BaseHash);

    private static bool IsMerged(ModelSlot slot) => slot.Model.Description.Metadata.ContainsKey(OnnxMetadata.AdapterHashes);

    private static string Names(IEnumerable<ModelSlot> slots) => string.Join(", ", slots.Select(slot => slot.Name).Distinct());
}
