namespace LoraOnnx.Graph;

/// <summary>What the names of a graph stand for; a branch sees those around it, without a copy of them.</summary>
internal sealed class GraphScope(GraphScope? around)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly int _before = around?.Count ?? 0;

    /// <summary>How many values were named until now.</summary>
    public int Count => _before + _values.Count;

    /// <summary>Names a value.</summary>
    public string this[string name]
    {
        set => _values[name] = value;
    }

    /// <summary>What a name stands for, here or around; null: nothing.</summary>
    public string? Find(string name) => _values.TryGetValue(name, out var value) ? value : around?.Find(name);
}
