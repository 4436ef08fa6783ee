namespace LoraOnnx.Model.Runs;

/// <summary>The layout of a run: run.json, metrics.jsonl, adapter/, head/model.safetensors, reference-logits.json, checkpoints/last/.</summary>
public sealed class RunDirectory
{
    /// <summary>File that makes a directory a run.</summary>
    public const string RecordFileName = "run.json";

    private RunDirectory(string path, RunRecord record)
    {
        Path = path;
        Record = record;
    }

    /// <summary>The directory as the user named it.</summary>
    public string Path { get; }

    /// <summary>What run.json says.</summary>
    public RunRecord Record { get; }

    /// <summary>The PEFT adapter of the run, or null when it trained none.</summary>
    public string? AdapterDirectory => Existing("adapter");

    /// <summary>The directory with the trained head's model.safetensors, or null when the head was not trained.</summary>
    public string? HeadDirectory => Existing("head");

    /// <summary>True when the directory holds a run.</summary>
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, RecordFileName));

    /// <summary>Opens a finished or cut run.</summary>
    /// <exception cref="InputException">There is no run.json or it is malformed.</exception>
    public static RunDirectory Open(string path) => throw new NotImplementedException(path);

    /// <summary>Logits that training left for the reference texts (max length of the run, fp32, adapter not merged), in order; or null when the run has none.</summary>
    /// <exception cref="InputException">The file is malformed.</exception>
    public IReadOnlyList<float[]>? ReadReferenceLogits() => throw new NotImplementedException();

    private string? Existing(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        return Directory.Exists(path) ? path : null;
    }
}
