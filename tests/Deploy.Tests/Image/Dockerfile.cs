using System.Text.Json;

namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>deploy/Dockerfile as far as the tests act it out: what a stage runs, and what its image is configured to.</summary>
internal sealed class Dockerfile
{
    private readonly Dictionary<string, List<(string Name, string Arguments)>> _stages = [];

    private readonly Dictionary<string, string> _bases = [];

    private Dockerfile(IEnumerable<string> lines)
    {
        var stage = "";
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            var (name, arguments) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            if (name == "FROM")
            {
                var words = arguments.Split(' ').Where(word => !word.StartsWith("--", StringComparison.Ordinal)).ToArray();
                stage = words[2]; // FROM base AS stage
                _bases[stage] = words[0];
                _stages[stage] = [];
            }
            else if (stage.Length > 0)
            {
                _stages[stage].Add((name, arguments));
            }
        }
    }

    public static Dockerfile Read() => new(File.ReadLines(Repository.Path("deploy", "Dockerfile")));

    /// <summary>The last of this instruction in a stage, or in those that it is made from.</summary>
    public string Last(string stage, string instruction)
    {
        for (var at = stage; _stages.TryGetValue(at, out var lines); at = _bases[at])
        {
            if (lines.LastOrDefault(line => line.Name == instruction) is { Arguments: { } arguments })
            {
                return arguments;
            }
        }

        throw new InvalidOperationException($"Stage {stage} has no {instruction}.");
    }

    /// <summary>The same of an instruction in JSON's form, without what stands before it.</summary>
    public string[] Words(string stage, string instruction)
    {
        var arguments = Last(stage, instruction);
        return JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!; // an array, by its bracket
    }
}
