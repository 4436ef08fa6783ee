namespace LoraOnnx.Model.Adapters;

/// <summary>What no program can do with an adapter that stays beside its base.</summary>
public static class NeedsMerge
{
    /// <summary>Refuses DoRA: a magnitude rescales rows of the base, which other adapters share.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="path">Where it is, as the user named it.</param>
    /// <param name="advice">How it is merged instead.</param>
    /// <exception cref="InputException">A module has a magnitude.</exception>
    public static void RefuseDora(LoraAdapter adapter, string path, string advice)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (adapter.Modules.FirstOrDefault(module => module.Magnitude is not null) is { } dora)
        {
            throw InputException.InFile(path, $"'{dora.Module}' has a magnitude (DoRA), which rescales the base's own rows.", $"{advice}");
        }
    }
}
