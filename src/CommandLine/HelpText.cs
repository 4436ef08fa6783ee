using System.CommandLine;
using System.Text;

namespace LoraOnnx.CommandLine;

/// <summary>The help of a command in 80 columns: what it does, examples, then options in groups, required ones marked, with values and
/// defaults.</summary>
internal static class HelpText
{
    private const int Width = 80;
    private const int Indent = 2;
    private const int NameWidth = 26;
    private const string Others = "Other";

    public static string Of(Command command, CommandHelp help)
    {
        var text = new StringBuilder();
        Wrap(text, command.Description ?? "", 0, 0);
        text.Append("\nUsage:\n");
        Wrap(text, Usage(command, help), Indent, Indent + 4);
        if (help.Examples.Count > 0)
        {
            text.Append("\nExamples:\n");
            help.Examples.ToList().ForEach(example => Wrap(text, example, Indent, Indent + 4, " \\"));
        }

        Section(text, "Arguments", command.Arguments.Select(argument => (NameOf(argument), argument.Description ?? "")));
        Section(text, "Commands", command.Subcommands.Select(inner => (inner.Name, inner.Description ?? "")));
        foreach (var (title, options) in Groups(command, help))
        {
            Section(text, title, options.Select(option => (NameOf(option), Describe(option, help))));
        }

        return text.ToString();
    }

    private static IEnumerable<(string Title, IEnumerable<Option> Options)> Groups(Command command, CommandHelp help)
    {
        var all = command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive))
            .Where(option => !option.Hidden).Distinct().ToList();
        var grouped = help.Groups.ToDictionary(
            group => group.Title, group => group.Options.SelectMany(name => all.Where(option => option.Name == name)).ToList());
        var rest = all.Except(grouped.Values.SelectMany(options => options)).ToList();
        foreach (var (title, options) in grouped)
        {
            yield return (title, options);
        }

        yield return (Others, rest);
    }

    private static void Section(StringBuilder text, string title, IEnumerable<(string Name, string Description)> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
        {
            return;
        }

        text.Append($"\n{title}:\n");
        foreach (var (name, description) in all)
        {
            var isShort = name.Length <= NameWidth - 2;
            var start = $"{new string(' ', Indent)}{name}";
            if (!isShort)
            {
                text.Append(start).Append('\n');
            }

            Wrap(text, description, Indent + NameWidth, Indent + NameWidth, lead: isShort ? start : null);
        }
    }

    /// <summary>Words in lines of at most 80 columns; <paramref name="lead"/> stands in the first line's margin, <paramref name="goesOn"/> at the end
    /// of lines that go on.</summary>
    private static void Wrap(StringBuilder text, string words, int first, int next, string goesOn = "", string? lead = null)
    {
        var line = new StringBuilder((lead ?? "").PadRight(first));
        var empty = true;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length + goesOn.Length > Width)
            {
                text.Append(line).Append(goesOn).Append('\n');
                line.Clear().Append(' ', next);
                empty = true;
            }

            line.Append(empty ? "" : " ").Append(word);
            empty = false;
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }

    /// <summary>What stands behind an option for its value: N is a whole number, X one with a fraction; null: it takes none.</summary>
    public static string? ValueOf(Option option)
    {
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return option.HelpName ?? (type == typeof(bool) || option.Arity.MaximumNumberOfValues == 0 ? null
            : type == typeof(double) ? "X" : type == typeof(string) ? "TEXT" : "N");
    }

    private static string Usage(Command command, CommandHelp help)
    {
        var path = new Stack<string>();
        for (var inner = command; inner is not null; inner = inner.Parents.OfType<Command>().FirstOrDefault())
        {
            path.Push(inner.Name);
        }

        var required = command.Options.Where(option => IsRequired(option, help)).Select(option => $"{option.Name} {ValueOf(option)}");
        return string.Join(' ', [.. path, .. command.Arguments.Select(Shape), .. required, "[options]"]);
    }

    private static string NameOf(Argument argument) => argument.HelpName ?? argument.Name;

    private static string Shape(Argument argument) =>
        $"{(argument.Arity.MinimumNumberOfValues == 0 ? $"[{NameOf(argument)}]" : NameOf(argument))}"
            + $"{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";

    private static bool IsRequired(Option option, CommandHelp help) => option.Required || help.Required.Contains(option.Name);

    private static string NameOf(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(alias => alias.StartsWith('-') && alias != "-?").Prepend(option.Name).Distinct());
        return ValueOf(option) is { } value ? $"{names} {value}" : names;
    }

    private static string Describe(Option option, CommandHelp help)
    {
        var description = option.Description ?? "";
        var preset = option.HasDefaultValue && !description.Contains("[default:", StringComparison.Ordinal) ? option.GetDefaultValue() : null;
        var text = preset is null or false or "" or string[]? ""
            : $" [default: {Convert.ToString(preset, System.Globalization.CultureInfo.InvariantCulture)}]";
        return $"{(IsRequired(option, help) ? "(required) " : "")}{description}{text}";
    }
}
