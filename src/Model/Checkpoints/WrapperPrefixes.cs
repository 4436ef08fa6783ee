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

        var rest = name.AsSpan(); // a name made of prefixes only is not copied for each of them
        while (FrontOf(rest) is var length and > 0)
        {
            rest = rest[length..];
        }

        return rest.Length == name.Length ? name : rest.ToString();
    }

    /// <summary>The same for a name in which peft put <paramref name="front"/> before the model's own: wrappers stand before it and behind
    /// it.</summary>
    public static string Strip(string name, string front)
    {
        var outer = Strip(name);
        return outer.StartsWith(front, StringComparison.Ordinal) ? front + Strip(outer[front.Length..]) : outer;
    }

    /// <summary>What to say where a name had one.</summary>
    public static string Note(string path, string name) =>
        $"{path}: wrapper prefixes as in '{VisibleText.Of(name)}' are taken off the names of tensors.";

    private static int FrontOf(ReadOnlySpan<char> name)
    {
        foreach (var part in _inFront)
        {
            if (name.StartsWith(part, StringComparison.Ordinal))
            {
                return part.Length;
            }
        }

        return 0;
    }
}
