namespace LoraOnnx.House.Tests;

/// <summary>Warnings go through one place, which says each once a run, on one line and escaped.</summary>
public sealed class WarningRuleTests
{
    /// <summary>The place itself, the display of training that stands behind <c>WarnsOnce</c>, and a line of a summary that ends a run.</summary>
    private static readonly string[] _allowed =
    [
        "src/Files/WarningLines.cs", "src/Training/Core/Display/PlainDisplay.cs", "src/Training/Core/Report/RunSummary.cs",
    ];

    [Fact]
    public void No_room_prints_a_warning_by_itself()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
                    let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
                    where !_allowed.Contains(name) && !name.Contains("/obj/", StringComparison.Ordinal)
                    from line in File.ReadLines(file)
                    where line.Contains("\"warning: ", StringComparison.Ordinal)
                    select $"{name}: {line.Trim()}";

        Assert.Empty(found);
    }

    /// <summary>Places that print: JSON and tables, whose writers escape; progress on one line; the errors of the programs.</summary>
    private static readonly string[] _printers =
    [
        "src/Files/VisibleLines.cs", "src/Files/WarningLines.cs", "src/CommandLine/CommandLineProgram.cs", "src/CommandLine/DownloadProgress.cs",
        "src/Evaluation/Reports/TerminalDisplay.cs", "src/Evaluation/Reports/ComparisonDisplay.cs", "src/Evaluation/CompareCommand.cs",
        "src/Evaluation/ComparisonOutput.cs", "src/Scoring/ScoringDisplay.cs", "src/Merge/Merger.cs", "src/Training/Program/TrainingProgram.cs",
        "src/Training/Program/SweepProgram.cs", "src/Training/Program/PerProgram.cs", "src/Serving/PredictCommand.cs",
    ];

    /// <summary>A class or a file may be named so that it steers a terminal: what is printed goes through VisibleLines.</summary>
    [Fact]
    public void No_room_prints_lines_by_itself()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
                    let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
                    where !name.Contains("/obj/", StringComparison.Ordinal)
                    from line in File.ReadLines(file)
                    let code = line.TrimStart()
                    where IsPrint(code) && (!_printers.Contains(name)
                        || (code.Contains("Console.Error.WriteLine($", StringComparison.Ordinal) && !_lowest.Any(name.StartsWith)))
                    select $"{name}: {code}";

        Assert.Empty(found);
    }

    private static readonly string[] _lowest = ["src/Files/", "src/CommandLine/"];

    private static readonly string[] _prints = ["Console.Write", "Console.Out.Write", "Console.Error.Write"];

    private static bool IsPrint(string code) => !code.StartsWith("///", StringComparison.Ordinal) && _prints.Any(code.Contains);
}
