using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using LoraOnnx.CommandLine;

namespace LoraOnnx.Training.Options;

/// <summary>
/// Options of the command line, each with the place of <see cref="TrainingOptions"/> it sets. Only options that the user wrote are applied, so they
/// can go on top of the defaults, of a preset, or of the options of a run that is resumed.
/// </summary>
internal sealed class OptionTable
{
    private static readonly TrainingOptions _defaults = new();
    private readonly List<(Option Option, Func<ParseResult, TrainingOptions, TrainingOptions> Apply)> _rows = [];

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Option> Options => _rows.Select(row => row.Option);

    /// <summary>Changes <paramref name="options"/> by every option that is on the command line.</summary>
    public TrainingOptions Apply(ParseResult parsed, TrainingOptions options) =>
        _rows.Where(row => IsGiven(parsed, row.Option)).Aggregate(options, (changed, row) => row.Apply(parsed, changed));

    /// <summary>Changes <paramref name="options"/> by a command line of its own.</summary>
    /// <exception cref="InputException">A value is none of its option.</exception>
    public TrainingOptions Apply(IEnumerable<string> arguments, TrainingOptions options)
    {
        var command = new Command("options");
        _rows.ForEach(row => command.Options.Add(row.Option));
        var parsed = command.Parse([.. arguments]);
        return parsed.Errors.Count == 0 ? Apply(parsed, options)
            : throw InputException.Several([.. parsed.Errors.Select(error => error.Message)],
                parsed.Tokens.Select(token => Spelling.MeantNumber(token.Value)).FirstOrDefault(meant => meant is not null)
                    ?? "lora-train --help lists the options.");
    }

    /// <summary>Names of the options that are on the command line.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => Options.Where(option => IsGiven(parsed, option)).Select(option => option.Name);

    public void Text(string name, string helpName, string description, Func<TrainingOptions, string, TrainingOptions> apply) =>
        Add(new Option<string>(name) { Description = description, HelpName = helpName }, apply);

    public void Flag(string name, string description, Func<TrainingOptions, bool, TrainingOptions> apply) =>
        Add(new Option<bool>(name) { Description = description }, apply);

    /// <summary>A flag that may be on by default: <c>--name false</c> turns it off.</summary>
    public void Switch(string name, string description, Func<TrainingOptions, bool> current, Func<TrainingOptions, bool, TrainingOptions> apply)
    {
        string[] words = ["true", "false"];
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => current(_defaults) ? words[0] : words[1],
            CustomParser = result => Word(result, name, words.Contains, "true or false"),
        };
        Add(option, (options, word) => apply(options, word == words[0]));
    }

    public void Choice<T>(string name, string description, Func<TrainingOptions, T> current, Func<TrainingOptions, T, TrainingOptions> apply)
        where T : struct, Enum =>
        Choice(name, description, EnumNames.All<T>(), options => EnumNames.Of(current(options)),
            (options, word) => apply(options, EnumNames.Parse<T>(word)!.Value)); // the parser takes no other word

    public void Choice(string name, string description, IReadOnlyList<string> names, Func<TrainingOptions, string> current,
        Func<TrainingOptions, string, TrainingOptions> apply) => Add(new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', names),
            DefaultValueFactory = _ => current(_defaults),
            CustomParser = result => Word(result, name, names.Contains, $"one of {string.Join(", ", names)}"),
        }, apply);

    public void List(string name, string description, Func<TrainingOptions, IReadOnlyList<string>> current,
        Func<TrainingOptions, IReadOnlyList<string>, TrainingOptions> apply)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = "NAME,..",
            DefaultValueFactory = _ => string.Join(',', current(_defaults)),
            CustomParser = result => Word(result, name, word => Split(word).Length > 0, "names with commas between them"),
        };
        Add(option, (options, word) => apply(options, Split(word)));
    }

    /// <summary>A whole number; <paramref name="fallback"/> is the default as shown in the help.</summary>
    public void Whole<T>(string name, T least, T most, string description, string? fallback, Func<TrainingOptions, T, TrainingOptions> apply)
        where T : struct, IBinaryInteger<T> =>
        Add(Number<T>(name, "N", description, fallback, $"a whole number from {least} to {most}",
            text => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : null), apply);

    /// <summary>A number with a fraction; <paramref name="fallback"/> is the default as shown in the help.</summary>
    public void Real(string name, double least, double most, string description, string? fallback,
        Func<TrainingOptions, double, TrainingOptions> apply) =>
        Add(Number<double>(name, "X", description, fallback, $"a number from {least} to {most}",
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : null), apply);

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static string[] Split(string word) => word.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A word of the command line; an error when it is none of those that are valid.</summary>
    public static string? Word(ArgumentResult result, string name, Func<string, bool> isValid, string expected)
    {
        var word = result.Tokens[0].Value;
        if (!isValid(word))
        {
            result.AddError($"{name} is '{word}', expected {expected}.");
        }

        return word;
    }

    private static Option<T> Number<T>(string name, string helpName, string description, string? fallback, string expected, Func<string, T?> parse)
        where T : struct => new(name)
        {
            Description = $"{description}{(fallback is null ? "" : $" [default: {fallback}]")}",
            HelpName = helpName,
            CustomParser = result =>
            {
                var number = parse(result.Tokens[0].Value);
                if (number is null)
                {
                    result.AddError($"{name} is '{result.Tokens[0].Value}', expected {expected}.");
                }

                return number.GetValueOrDefault();
            },
        };

    private void Add<T>(Option<T> option, Func<TrainingOptions, T, TrainingOptions> apply) =>
        _rows.Add((option, (parsed, options) => apply(options, parsed.GetRequiredValue(option))));
}
