namespace LoraOnnx.Model.Reference;

/// <summary>The texts that every merge is proven on, carried in the tool: at least 64, from 2 tokens to beyond the limit of 512.</summary>
public static class ReferenceTexts
{
    /// <summary>The texts, always in the same order.</summary>
    public static IReadOnlyList<string> All => throw new NotImplementedException();
}
