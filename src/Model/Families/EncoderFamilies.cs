namespace LoraOnnx.Model.Families;

/// <summary>The families that run here.</summary>
public static class EncoderFamilies
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<EncoderFamily> All = [DistilBert.Family, Bert.Family, Roberta.Family, Roberta.XlmFamily];

    /// <summary>The family of a <c>model_type</c>, or null.</summary>
    public static EncoderFamily? Find(string? modelType) => All.FirstOrDefault(family => family.ModelType == modelType);
}
