namespace LoraOnnx.Model.Checkpoints;

/// <summary>What wrappers of training loops leave in tensor names: DataParallel, torch.compile, FSDP, activation checkpointing, Lightning.</summary>
internal static class WrapperPrefixes
{
    private static readonly string[] _anywhere = ["_fsdp_wrapped_module.", "_orig_mod.", "_checkpoint_wrapped_module."];

    private static readonly string[] _inFront = ["module.", "model."];

    /// <summary>The name without them; the same string where there is none.</summary>
    public static string Strip(string name)
    {
        foreach (var part in _anywhere)
        {
            name = name.Replace(part, "", StringComparison.Ordinal);
        }

        while (_inFront.FirstOrDefault(part => name.StartsWith(part, StringComparison.Ordinal)) is { } front)
        {
            name = name[front.Length..];
        }

        return name;
    }

    /// <summary>What to say where a name had one.</summary>
    public static string Note(string path, string name) => $"{path}: wrapper prefixes as in '{name}' are taken off the names of tensors.";
}
