using System.Text.RegularExpressions;

namespace LoraOnnx.Model.Adapters;

/// <summary>What a tensor of an adapter file is for.</summary>
internal enum PeftRole
{
    /// <summary>Down projection.</summary>
    A,

    /// <summary>Up projection.</summary>
    B,

    /// <summary>Bias of the up projection.</summary>
    BBias,

    /// <summary>DoRA's magnitude.</summary>
    Magnitude,

    /// <summary>Takes the place of a tensor of the base.</summary>
    Replacement,

    /// <summary>A second copy of a replacement, which peft does not read back.</summary>
    Copy,

    /// <summary>A training buffer or a part of the base that has no effect on the result.</summary>
    Ignored,
}

/// <summary>
/// A key of an adapter file taken apart. Accepted are the keys that peft writes, and those of the model in memory, which carry the name
/// of the adapter: <c>lora_A.default.weight</c>, <c>classifier.modules_to_save.default.weight</c>, <c>classifier.original_module.weight</c>.
/// </summary>
internal readonly partial record struct PeftTensorName(PeftRole Role, string Target)
{
    /// <summary>What peft puts before the keys of the model.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>Takes a key apart; <see cref="Target"/> is the module for A, B and magnitude, the checkpoint key for the rest.</summary>
    public static PeftTensorName Parse(string name)
    {
        var key = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        if (LoraFactor().Match(key) is { Success: true } factor)
        {
            var role = (factor.Groups["factor"].Value, factor.Groups["kind"].Value) switch
            {
                ("A", "weight") => PeftRole.A,
                ("B", "weight") => PeftRole.B,
                ("B", "bias") => PeftRole.BBias,
                _ => PeftRole.Replacement,
            };
            return new(role, role == PeftRole.Replacement ? key : factor.Groups["module"].Value);
        }

        if (MagnitudeVector().Match(key) is { Success: true } magnitude)
        {
            return new(PeftRole.Magnitude, magnitude.Groups["module"].Value);
        }

        if (Wrapped().Match(key) is { Success: true } wrapped)
        {
            var target = $"{wrapped.Groups["module"].Value}.{wrapped.Groups["rest"].Value}";
            return new(wrapped.Groups["part"].Value == "original_module"
                ? PeftRole.Ignored
                : wrapped.Groups["adapter"].Success ? PeftRole.Replacement : PeftRole.Copy, target);
        }

        if (BaseBias().Match(key) is { Success: true } bias)
        {
            return new(PeftRole.Replacement, $"{bias.Groups["module"].Value}.bias");
        }

        return new(key.Contains(".lora_velora_embed", StringComparison.Ordinal) ? PeftRole.Ignored : PeftRole.Replacement, key);
    }

    [GeneratedRegex(@"^(?<module>.+)\.lora_(?<factor>[AB])(\.(?<adapter>[^.]+))?\.(?<kind>weight|bias)\z", RegexOptions.CultureInvariant)]
    private static partial Regex LoraFactor();

    [GeneratedRegex(@"^(?<module>.+)\.lora_magnitude_vector(\.(?<adapter>[^.]+))?(\.weight)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex MagnitudeVector();

    [GeneratedRegex(@"^(?<module>.+)\.(?<part>modules_to_save|original_module)(\.(?<adapter>(?!weight\z|bias\z)[^.]+))?\.(?<rest>.+)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Wrapped();

    [GeneratedRegex(@"^(?<module>.+)\.base_layer\.bias\z", RegexOptions.CultureInvariant)]
    private static partial Regex BaseBias();
}
