using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace LoraOnnx.CommandLine;

/// <summary>Options that belong together, by their names.</summary>
public sealed record HelpGroup(string Title, params IReadOnlyList<string> Options);

/// <summary>How a command's help is arranged: examples first, then groups; options in no group stand last, those of a title that is there already
/// with it.</summary>
public sealed record CommandHelp(IReadOnlyList<string> Examples, params IReadOnlyList<HelpGroup> Groups)
{
    /// <summary>Options that a call cannot do without, though another one may free it from them.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Arranges <c>--help</c> of a program and of the commands in it.</summary>
    public static void Arrange(RootCommand root, CommandHelp help, params IReadOnlyList<(Command Command, CommandHelp Help)> commands)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(commands);
        var all = commands.ToDictionary(pair => pair.Command, pair => pair.Help);
        all[root] = help;
        root.Options.OfType<HelpOption>().Single().Action = new Writing(all); // every root command has one
    }

    private sealed class Writing(Dictionary<Command, CommandHelp> helps) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var command = parseResult.CommandResult.Command;
            parseResult.InvocationConfiguration.Output.Write(HelpText.Of(command, helps.GetValueOrDefault(command) ?? new CommandHelp([])));
            return ExitCode.Success;
        }
    }
}
