using System.Text.Json;

namespace LoraOnnx.Model.Runs.Values;

/// <summary>A value of a column and the folder of its run.</summary>
public sealed record ValueRun(string Value, string Folder, int Texts);

/// <summary>A value that got no run of its own, and why.</summary>
public sealed record ValueLeftOut(string Value, int Texts, string Why);

/// <summary>values.json: a folder with a run for each value of a column, as a tenant or a language, and one for the texts of all.</summary>
public sealed record ValueRuns
{
    /// <summary>The file that makes a folder one of these.</summary>
    public const string FileName = "values.json";

    private static readonly RunJson _json = new(new JsonSerializerOptions(RunJson.Default.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>Folder of the run on the texts of all values.</summary>
    public required string Pooled { get; init; }

    /// <summary>The values with runs of their own, those with most texts first.</summary>
    public required IReadOnlyList<ValueRun> Runs { get; init; }

    /// <summary>The values that share the run for all.</summary>
    public IReadOnlyList<ValueLeftOut> LeftOut { get => field ?? []; init; }

    /// <summary>The options of lora-train, as run.json would keep them.</summary>
    public required JsonElement Options { get; init; }

    /// <summary>True where <paramref name="folder"/> is one of these.</summary>
    public static bool Are(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>What a folder holds.</summary>
    /// <exception cref="InputException">The file is damaged, or names folders elsewhere.</exception>
    public static ValueRuns Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var runs = JsonFields.Load(path).Root.Deserialize(_json.ValueRuns)!; // JsonFields holds an object, never null
            if (runs.Runs.GroupBy(run => run.Value).FirstOrDefault(same => same.Count() > 1) is { } twice)
            {
                throw InputException.InFile(path, $"has the value '{twice.Key}' {twice.Count()} times.", "it was changed by hand; train again.");
            }

            return runs.Runs.Select(run => run.Folder).Append(runs.Pooled).FirstOrDefault(name => Path.GetFileName(name) != name) is { } other
                ? throw InputException.InFile(path, $"names the folder '{other}', expected one beside it.", "it was changed by hand; train again.")
                : runs;
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"does not say which runs there are: {failure.Message}",
                "it was changed by hand, or another version of lora-train wrote it.", failure);
        }
    }

    /// <summary>Says what is in the folder.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void Write(string folder) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, _json.ValueRuns) + "\n");
}
