using System.Text.RegularExpressions;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>The help of every program and of every command in it: the same words for the same thing.</summary>
public sealed partial class HelpTests
{
    /// <summary>What a placeholder may say; N is a whole number, X one with a fraction.</summary>
    private static readonly HashSet<string> _placeholders =
    [
        "N", "X", "FILE", "DIR", "NAME", "VALUE", "COLUMN", "MODEL", "PATH", "URL", "KEY", "HOST", "PORT", "VERSION", "BASE", "WEIGHT", "FROM", "TO",
        "SHARE", "ORIGIN", "SCOPE", "EXPRESSION",
    ];

    /// <summary>Options whose values are other things in other programs.</summary>
    private static readonly Dictionary<string, string> _other = new()
    {
        ["--model"] = "a base to train or merge is a checkpoint, what is served or scored a file with its name, what is asked for a name alone",
        ["--out"] = "a run is a directory, what others write a file",
        ["--adapter"] = "merged adapters have no names",
        ["--head"] = "a merged head has no name",
        ["--validation"] = "training can take its validation texts from the training texts",
        ["--explain"] = "how many texts of a report, or the one text that is asked about",
        ["--precision"] = "of training, of a file, of what computes",
    };

    public static TheoryData<string> Calls { get; } =
        ["lora-compare", "lora-merge", "lora-score", "lora-serve", "lora-serve health", "lora-serve predict", "lora-train"];

    private static IEnumerable<ProgramHelp> Pages => ProgramHelp.All.SelectMany(ProgramHelp.PagesOf);

    [Fact]
    public void Every_program_and_command_is_looked_at() =>
        Assert.Equal(Calls.Select(call => call.Data), Pages.Select(page => page.Call).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Calls))]
    public void It_has_80_columns_examples_and_a_group_for_every_option(string call)
    {
        var page = Page(call);

        Assert.All(page.Text.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        var examples = After(page.Text, "Examples:\n");
        Assert.Contains($"  {call} ", examples, StringComparison.Ordinal);
        Assert.Empty(Option().Matches(examples).Select(option => option.Value)
            .Except(page.Text.Split('\n').SelectMany(line => Option().Matches(line[..Math.Min(28, line.Length)])).Select(option => option.Value)));
        Assert.Equal("Other", page.Groups[^1].Title);
        Assert.Equal(["--help", "--verbose"], page.Groups[^1].Options.Select(option => option.Name).Where(name => name != "--version"));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Options_that_the_usage_names_are_marked_as_required_and_no_others(string call)
    {
        var page = Page(call);

        Assert.Equal(Option().Matches(After(page.Text, "Usage:\n")).Select(option => option.Value).Order(),
            page.Options.Where(option => option.IsRequired).Select(option => option.Name).Order());
        Assert.True(call is "lora-serve health" || page.Text.Contains("(required)", StringComparison.Ordinal)
            || page.Groups.Any(group => group.Title.Contains("(--", StringComparison.Ordinal)), "nothing says what a call needs");
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Placeholders_are_of_one_list(string call) => Assert.All(Page(call).Options,
        option => Assert.All(Capitals().Matches(option.Value), word => Assert.Contains(word.Value, _placeholders)));

    [Theory]
    [MemberData(nameof(Calls))]
    public void Descriptions_are_sentences_with_the_default_behind_them(string call) => Assert.All(Page(call).Options, option =>
    {
        Assert.Matches(@"^[A-Z].*\.\z", option.Words);
        Assert.DoesNotMatch(@"(?i)\bdefault\b|repeat for|comma|more than once|(?<!\. )may be given several times", option.Words);
    });

    [Theory]
    [MemberData(nameof(Calls))]
    public void Of_several_words_the_default_stands_first(string call) => Assert.All(
        Page(call).Options.Where(option => option.Value.Contains('|', StringComparison.Ordinal) && option.Value != "true|false"), option =>
        {
            var words = option.Value.Split('|');
            Assert.True(!words.Contains(option.Default) || words[0] == option.Default, $"{option.Name} {option.Value}: {option.Default}");
        });

    [Fact]
    public void An_option_of_several_programs_takes_the_same_value()
    {
        var differing = Pages.SelectMany(page => page.Options).GroupBy(option => option.Name)
            .Where(same => same.Select(option => option.Value).Distinct().Count() > 1).Select(same => same.Key).ToList();

        Assert.Equal(_other.Keys.Order(), differing.Order());
    }

    [Fact]
    public void Groups_of_several_programs_stand_in_the_same_order()
    {
        var titles = Pages.Select(page => (page.Call, Titles: page.Groups.Select(group => Plain(group.Title)).ToList())).ToList();
        foreach (var (one, other) in titles.SelectMany(one => titles.Select(other => (one, other))))
        {
            Assert.True(one.Titles.Intersect(other.Titles).SequenceEqual(other.Titles.Intersect(one.Titles)), $"{one.Call} and {other.Call}");
        }

        Assert.All(titles.Where(page => page.Titles.Contains("Machine")), page => Assert.Equal("Machine", page.Titles[^2]));
    }

    private static ProgramHelp Page(string call) => Pages.Single(page => page.Call == call);

    /// <summary>The lines below a title.</summary>
    private static string After(string text, string title) => text.Split(title)[1].Split("\n\n")[0];

    /// <summary>A title without what it says of options.</summary>
    private static string Plain(string title) => title.Split(" (--")[0].Split(" of --")[0];

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    [GeneratedRegex(@"\b[A-Z]+\b")]
    private static partial Regex Capitals();
}
