namespace LoraOnnx.Model;

/// <summary>How a device is asked for by name.</summary>
public static class DeviceName
{
    /// <summary>A GPU where one can be used, else the processor.</summary>
    public const string Any = "auto";

    /// <summary>All names, for an option's choices.</summary>
    public static IReadOnlyList<string> All { get; } = [Any, .. EnumNames.All<ComputeDevice>()];

    /// <summary>The device of a name; null for <see cref="Any"/>.</summary>
    /// <exception cref="InputException">There is no such device.</exception>
    public static ComputeDevice? Parse(string name) => name == Any ? null
        : EnumNames.Parse<ComputeDevice>(name)
            ?? throw new InputException($"device is '{name}', expected {string.Join(", ", All.SkipLast(1))} or {All[^1]}.");
}
