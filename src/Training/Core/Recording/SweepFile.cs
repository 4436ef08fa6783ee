using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Recording;

/// <summary>sweep.json: what a folder of runs is a sweep of, for --resume.</summary>
internal sealed record SweepFile
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What --sweep said, a word each.</summary>
    public required IReadOnlyList<string> Sweep { get; init; }

    /// <summary>The options beside it, as run.json would keep them.</summary>
    public required JsonElement Options { get; init; }

    /// <summary>What the folder holds, or null where no sweep was begun in it.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static (TrainingOptions Options, IReadOnlyList<string> Sweep)? Read(string folder)
    {
        var path = PathIn(folder);
        if (folder.Length == 0 || !File.Exists(path))
        {
            return null;
        }

        try
        {
            var file = JsonFields.Load(path).Root.Deserialize<SweepFile>(_json)!; // an object, never null
            return (TrainingOptions.FromJson(file.Options, path) with { Out = folder }, file.Sweep);
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"is no sweep: {failure.Message}", "begin a new sweep in another directory.", failure);
        }
    }

    /// <summary>Says what is tried in the folder.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static void Write(string folder, TrainingOptions options, IReadOnlyList<string> sweep) =>
        AtomicFile.WriteText(PathIn(folder), JsonSerializer.Serialize(new SweepFile { Sweep = sweep, Options = options.ToJson() }, _json) + "\n");

    private static string PathIn(string folder) => Path.Combine(folder, RunDirectory.SweepFileName);
}
