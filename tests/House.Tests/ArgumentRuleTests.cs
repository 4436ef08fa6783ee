using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>Of more than six arguments nobody sees which is which: what training hands over has names.</summary>
public sealed partial class ArgumentRuleTests
{
    private const int Most = 6;

    /// <summary>Lists of any length: groups of help, names of options in one, figures of a line.</summary>
    private static readonly string[] _lists = ["TrainCommand.cs: new", "TrainCommand.cs: HelpGroup", "RunLog.cs: WriteScalars"];

    [Fact]
    public void No_call_in_training_has_more_than_six_arguments()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src", "Training"), "*.cs", SearchOption.AllDirectories)
                    where !file.Replace('\\', '/').Contains("/obj/", StringComparison.Ordinal)
                    let code = CodeOf(File.ReadAllText(file))
                    from Match call in Call().Matches(code)
                    where Arguments(code, call.Index + call.Length) > Most
                    select $"{Path.GetFileName(file)}: {call.Groups[1].Value}";

        Assert.Equal(_lists.Order(), found.Distinct().Order());
    }

    [Theory]
    [InlineData("Draw(a, b, c, d, e, f)", 6)]
    [InlineData("Draw(a, Other(b, c, d), (e, f), [g, h], new() { I = j, K = l })", 5)]
    [InlineData("Draw(\"a, b\", Of<c, D<e, f>>(g), h) // i, j", 3)]
    [InlineData("Draw()", 0)]
    public void Arguments_are_counted(string call, int expected)
    {
        var code = CodeOf(call);
        Assert.Equal(expected, Arguments(code, code.IndexOf('(', StringComparison.Ordinal) + 1));
    }

    /// <summary>Without what commas and brackets may stand in: comments, texts, lists of types.</summary>
    private static string CodeOf(string text) => Types().Replace(Types().Replace(Foreign().Replace(text, "0"), ""), ""); // lists in lists

    private static int Arguments(string code, int start)
    {
        var (depth, commas, place) = (0, 0, start);
        for (; place < code.Length && depth >= 0; place++)
        {
            depth += code[place] is '(' or '[' or '{' ? 1 : code[place] is ')' or ']' or '}' ? -1 : 0;
            commas += depth == 0 && code[place] == ',' ? 1 : 0;
        }

        return string.IsNullOrWhiteSpace(code[start..(place - 1)]) ? 0 : commas + 1;
    }

    [GeneratedRegex(@"(\w+)(?:<[^<>();]*>)?\(")]
    private static partial Regex Call();

    [GeneratedRegex("""//[^\n]*|\"{3}[\s\S]*?\"{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\])'""")]
    private static partial Regex Foreign();

    [GeneratedRegex(@"<[\w\s,.?\[\]]*>")]
    private static partial Regex Types();
}
