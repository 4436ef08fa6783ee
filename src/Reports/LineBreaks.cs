using System.Text.RegularExpressions;

namespace LoraOnnx.Reports;

/// <summary>Where a line may not end.</summary>
internal static partial class LineBreaks
{
    private const string NoBreakSpace = "\u00A0";

    /// <summary>A sentence in which a number stays beside its unit (<c>96.8 %</c>) and its sign (<c>p &lt; 0.001</c>, <c>p = 0.04</c>).</summary>
    public static string Held(string sentence) => Inside().Replace(sentence, NoBreakSpace);

    [GeneratedRegex(@"(?<=\d) (?=%)|(?<=\bp) (?=[<=\d])|(?<=[<>=]) (?=\d)")]
    private static partial Regex Inside();
}
