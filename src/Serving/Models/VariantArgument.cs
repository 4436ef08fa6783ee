using System.Globalization;
using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Serving.Models;

/// <summary><c>NAME[@BASE]=DIR[:WEIGHT]</c> of --adapter and --head.</summary>
internal static class VariantArgument
{
    /// <summary>Reads an argument of <paramref name="option"/>.</summary>
    /// <exception cref="InputException">It names no directory, or a name has other characters than names have.</exception>
    public static ModelSource Parse(string option, string argument, bool isHead)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var (label, path) = equals < 0 ? (argument, "") : (argument[..equals], argument[(equals + 1)..]);
        var (directory, weight) = Weight(path);
        if (label.Length == 0 || directory.Length == 0)
        {
            throw new InputException($"{option} '{argument}' is not NAME[@BASE]=DIR[:WEIGHT].", $"write {option} acme=runs/acme.");
        }

        var at = label.IndexOf('@', StringComparison.Ordinal);
        var (name, ofBase) = at < 0 ? (label, null) : (label[..at], label[(at + 1)..]);
        if (!ModelSource.IsName(name) || (ofBase is not null && !ModelSource.IsName(ofBase)))
        {
            throw new InputException(
                $"{option} '{argument}': '{(ModelSource.IsName(name) ? ofBase : name)}' is not a name; "
                + $"expected letters, digits, '-', '_' and '.', at most {ModelSource.LongestName}.",
                $"write {option} NAME[@BASE]=DIR[:WEIGHT].");
        }

        return new ModelSource(name, "", directory) { Variant = new VariantSource(directory, weight, isHead), Base = ofBase };
    }

    /// <summary>A weight is what follows the last colon where that is a number; the colon of a Windows drive is followed by none.</summary>
    private static (string Directory, double Weight) Weight(string path)
    {
        var colon = path.LastIndexOf(':');
        return colon > 0 && double.TryParse(path[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            && double.IsFinite(weight)
            ? (path[..colon], weight)
            : (path, 1);
    }
}
