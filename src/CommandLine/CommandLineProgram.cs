using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace LoraOnnx.CommandLine;

/// <summary>Runs a command tree the same way in all programs: errors as one to three lines on standard error, signals as cancellation, exit codes of
/// <see cref="ExitCode"/>.</summary>
public static class CommandLineProgram
{
    /// <summary>An option of all programs: say more.</summary>
    public const string Verbose = "--verbose";

    private const string UnknownArgument = "Unrecognized command or argument";

    /// <summary>
    /// Parses and invokes. SIGINT and SIGTERM cancel the token that the action gets, once; a second one ends the process at once.
    /// An action that returns normally after a cancellation still exits with the signal's code.
    /// </summary>
    public static async Task<int> RunAsync(RootCommand root, string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(root);
        try
        {
            SupportedPlatform.Check();
        }
        catch (InputException error)
        {
            WriteError(error);
            return ExitCode.Failure;
        }

        WarningLines.Begin();
        var verbose = new Option<bool>(Verbose)
        {
            Description = "Say more: details of what is done, and the stack of an unexpected error.",
            Recursive = true,
        };
        root.Options.Add(verbose);
        root.Options.OfType<HelpOption>().Single().Description = "Show this help."; // every root command has one, and a version
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var message in Messages(parsed).Take(2))
            {
                await Console.Error.WriteLineAsync($"error: {VisibleText.Of(message, ErrorText.MostCharacters)}");
            }

            var minus = parsed.Tokens.Select(token => Spelling.MeantNumber(token.Value)).FirstOrDefault(meant => meant is not null);
            await Console.Error.WriteLineAsync($"hint:  {minus ?? $"{CommandPath(parsed)} --help lists the options."}");
            return ExitCode.Failure;
        }

        using var cancellation = new CancellationTokenSource();
        var signalled = 0;
        void OnSignal(PosixSignalContext context)
        {
            var code = context.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Terminated;
            context.Cancel = Interlocked.CompareExchange(ref signalled, code, 0) == 0;
            if (context.Cancel)
            {
                cancellation.Cancel();
            }
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        // Ctrl+Break, the one signal that Windows lets another process send; elsewhere SIGQUIT stays a request for a core dump.
        using var ctrlBreak = OperatingSystem.IsWindows() ? PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal) : null;
        var result = await InvokeAsync(parsed, parsed.GetValue(verbose), cancellation.Token);
        return signalled != 0 ? signalled : result;
    }

    /// <summary>What is wrong with the arguments: an unknown option without its value, which the library would call unknown too, and a wrong value
    /// with its option.</summary>
    private static IEnumerable<string> Messages(ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens.FirstOrDefault(token => token.StartsWith('-'));
        if (unknown is not null)
        {
            yield return Spelling.UnknownOption(unknown, parsed.CommandResult.Command);
        }

        foreach (var error in parsed.Errors.Where(error => unknown is null || error.SymbolResult is not CommandResult))
        {
            var message = OneLine(error.Message);
            var option = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
            if (option is not null && InOurWords(option, message) is { } ours)
            {
                yield return ours;
                continue;
            }

            yield return option is null && message.StartsWith(UnknownArgument, StringComparison.Ordinal)
                ? $"{message} Each value stands behind its option, in quotes where it has spaces."
                : option is null || message.Contains(option.Option.Name, StringComparison.Ordinal)
                ? message
                : $"{option.Option.Name}: {message}";
        }
    }

    /// <summary>What the library says with names of types, or of arguments where options are meant.</summary>
    private static string? InOurWords(OptionResult result, string message)
    {
        var (name, values) = (result.Option.Name, result.Tokens.Select(token => token.Value).ToList());
        return values.Count > result.Option.Arity.MaximumNumberOfValues
            ? $"{name} is given {values.Count} times, expected once."
            : values.Count == 0 && result.Option.Arity.MinimumNumberOfValues > 0 && !result.Implicit
            ? $"{name} has no value behind it, expected {HelpText.ValueOf(result.Option)}."
            : values.Count == 1 && message.StartsWith("Cannot parse argument", StringComparison.Ordinal)
            ? $"{name} is '{values[0]}', expected a {(HelpText.ValueOf(result.Option) == "X" ? "number" : "whole number")}."
            : null;
    }

    /// <summary>The library lists allowed values a line each.</summary>
    private static string OneLine(string message) => string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Prints an error as the programs do: <c>error: message</c> and, if there is one, <c>hint:  what to do</c>.</summary>
    public static void WriteError(InputException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Console.Error.WriteLine($"error: {error.Message}");
        if (error.Hint is not null)
        {
            Console.Error.WriteLine($"hint:  {error.Hint}");
        }
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, bool verbose, CancellationToken cancellationToken)
    {
        try
        {
            // Signals are handled above: the library's own two-second limit would cut a checkpoint short.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
        }
        catch (InputException error)
        {
            WriteError(error);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A disk, its permissions, the network: not a bug, wherever it comes to light.
            WriteError(new InputException(
                error.Message.ReplaceLineEndings(" "), verbose
                    ? error.ToString()
                    : "check the path, its permissions and the room on the disk; --verbose shows where it happened."));
            return ExitCode.Failure;
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"error: {error.GetType().Name}: {VisibleText.Of(error.Message, ErrorText.MostCharacters)}");
            await Console.Error.WriteLineAsync(verbose ? error.ToString() : "hint:  this is a bug in this program; --verbose shows where.");
            return ExitCode.Failure;
        }
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            names.Push(result.Command.Name);
        }

        return string.Join(' ', names);
    }
}
