namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>The kinds of adapters there are.</summary>
public static class LinearAdapters
{
    /// <summary>W + scale·B·A.</summary>
    public static ILinearAdapter Lora { get; } = new LoraKind();

    /// <summary>The rows of that sum rescaled to trained lengths.</summary>
    public static ILinearAdapter Dora { get; } = new DoraKind();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ILinearAdapter> All { get; } = [Lora, Dora];

    /// <summary>The kind of that name, or null.</summary>
    public static ILinearAdapter? Named(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
