using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>One word for one idea: a name that two rooms give to different things sends readers to the wrong one.</summary>
public sealed partial class TypeNameTests
{
    /// <summary>The same thing in two engines, and the package's classifier over the engine's.</summary>
    private static readonly string[] _sameIdea = ["LayerNorm", "PackedAttention", "HeadLearner", "AdapterLearner", "TextClassifier"];

    [Fact]
    public void No_two_types_have_the_same_name()
    {
        var twice = Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(path => File.ReadLines(path).Select(line => Declaration().Match(line)).Where(match => match.Success)
                .Select(match => match.Groups[1].Value).Distinct())
            .GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key);

        Assert.Empty(twice.Except(_sameIdea));
    }

    [GeneratedRegex(@"^(?:public|internal) (?:(?:static|sealed|abstract|readonly|unsafe|ref|partial) )*"
        + @"(?:class|record struct|record|struct|enum|interface) (\w+)")]
    private static partial Regex Declaration();
}
