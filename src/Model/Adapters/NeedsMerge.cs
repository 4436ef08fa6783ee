namespace LoraOnnx.Model.Adapters;

/// <summary>What no program can do with an adapter that stays beside its base.</summary>
public static class NeedsMerge
{
    /// <summary>Refuses kinds that depend on the base's weights, which other adapters share: DoRA's magnitude rescales its rows.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="path">Where it is, as the user named it.</param>
    /// <param name="advice">How it is merged instead.</param>
    /// <exception cref="InputException">A module's kind needs the sum.</exception>
    public static void Refuse(LoraAdapter adapter, string path, string advice)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (adapter.Modules.FirstOrDefault(module => module.Kind.NeedsSum is not null) is { } summed)
        {
            throw InputException.InFile(path, $"'{summed.Module}' {summed.Kind.NeedsSum}.", advice);
        }
    }
}
