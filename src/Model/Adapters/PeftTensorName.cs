using System.Text.RegularExpressions;
using LoraOnnx.Model.Adapters.Kinds;

namespace LoraOnnx.Model.Adapters;

/// <summary>What a tensor of an adapter file is for.</summary>
internal enum PeftRole
{
    /// <summary>A tensor of an adapter.</summary>
    Adapter,

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

    private static readonly (string Suffix, Regex Key)[] _adapterKeys = [.. LinearAdapters.All
        .SelectMany(kind => kind.FileKeys(loraBias: true)).Select(key => key.Suffix).Distinct().Select(suffix => (suffix, KeyOf(suffix)))];

    /// <summary>Takes a key apart; <see cref="Target"/> is the key in its plain form.</summary>
    public static PeftTensorName Parse(string name)
    {
        var key = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        foreach (var (suffix, pattern) in _adapterKeys)
        {
            if (pattern.Match(key) is { Success: true } match)
            {
                return new(PeftRole.Adapter, $"{match.Groups["module"].Value}.{suffix}");
            }
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

    /// <summary>In memory the adapter's name stands before the last part of a weight or bias, and after a vector, which is a module there.</summary>
    private static Regex KeyOf(string suffix)
    {
        var (stem, end) = suffix.LastIndexOf('.') is var dot and > 0 ? (suffix[..dot], Regex.Escape(suffix[dot..])) : (suffix, @"(\.weight)?");
        return new Regex($@"^(?<module>.+)\.{Regex.Escape(stem)}(\.(?<adapter>[^.]+))?{end}\z", RegexOptions.CultureInvariant);
    }

    [GeneratedRegex(@"^(?<module>.+)\.(?<part>modules_to_save|original_module)(\.(?<adapter>(?!weight\z|bias\z)[^.]+))?\.(?<rest>.+)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Wrapped();

    [GeneratedRegex(@"^(?<module>.+)\.base_layer\.bias\z", RegexOptions.CultureInvariant)]
    private static partial Regex BaseBias();
}
