using System.Diagnostics;
using System.Globalization;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>The same work done in several ways, in processes of their own that take turns: what else the machine does meets all alike.</summary>
internal sealed class ProcessesInTurn
{
    private readonly Dictionary<string, List<double[]>> _figures;

    private ProcessesInTurn(IEnumerable<string> ways) => _figures = ways.ToDictionary(way => way, _ => new List<double[]>());

    /// <summary>Runs this program once a way and round, and prints each line that a process leaves: <c>1.5 unit, 2.5 unit</c>.</summary>
    /// <param name="rounds">Every other one runs the ways the other way about: who comes second meets a warmer machine.</param>
    /// <param name="ways">Names of the ways.</param>
    /// <param name="label">What the printed line of a way begins with.</param>
    /// <param name="arguments">The command line of a way.</param>
    public static ProcessesInTurn Run(
        int rounds, IReadOnlyList<string> ways, Func<string, string> label, Func<string, IEnumerable<string>> arguments)
    {
        var turns = new ProcessesInTurn(ways);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var way in round % 2 == 0 ? ways : [.. ways.Reverse()])
            {
                var line = OutputOf(arguments(way));
                Console.WriteLine($"{label(way)} {line}");
                turns._figures[way].Add([.. line.Split(' ').Where((_, word) => word % 2 == 0)
                    .Select(word => double.Parse(word, CultureInfo.InvariantCulture))]);
            }
        }

        return turns;
    }

    /// <summary>The median of a way's figures at a place of its lines.</summary>
    public double Median(string way, int place) => _figures[way].Select(run => run[place]).Order().ElementAt(_figures[way].Count / 2);

    private static string OutputOf(IEnumerable<string> arguments)
    {
        // a started program has a path
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return output.Trim();
    }
}
