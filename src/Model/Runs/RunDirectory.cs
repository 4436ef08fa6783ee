using System.Text.Json;
using LoraOnnx.Hub;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;

namespace LoraOnnx.Model.Runs;

/// <summary>The layout of a run: run.json, metrics.jsonl, adapter/, head/model.safetensors, reference-logits.json, checkpoints/last/.</summary>
public sealed class RunDirectory
{
    /// <summary>File that makes a directory a run.</summary>
    public const string RecordFileName = "run.json";

    /// <summary>File beside the runs of a sweep that says what they are a sweep of.</summary>
    public const string SweepFileName = "sweep.json";

    /// <summary>Folder of the PEFT adapter.</summary>
    public const string AdapterFolder = "adapter";

    /// <summary>Folder of the trained head's model.safetensors.</summary>
    public const string HeadFolder = "head";

    private static readonly RunJson _json = new(new JsonSerializerOptions(RunJson.Default.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

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
    public string? AdapterDirectory => Existing(AdapterFolder);

    /// <summary>The directory with the trained head's model.safetensors, or null when the head was not trained.</summary>
    public string? HeadDirectory => Existing(HeadFolder);

    /// <summary>True when the directory holds a run.</summary>
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, RecordFileName));

    /// <summary>Opens a finished or cut run.</summary>
    /// <exception cref="InputException">There is no run.json or it is malformed.</exception>
    public static RunDirectory Open(string path)
    {
        var file = System.IO.Path.Combine(path, RecordFileName);
        if (!File.Exists(file))
        {
            throw PathKinds.Instead(path, "a run of lora-train", RecordFileName, kind => WayOut(kind, path));
        }

        var fields = JsonFields.Load(file);
        try
        {
            return new RunDirectory(path, fields.Root.Deserialize(_json.RunRecord)!); // JsonFields holds an object, never null
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(file, $"is not a run record: {failure.Message}",
                "it was changed by hand, or another version of lora-train wrote it.", failure);
        }
    }

    private static string WayOut(PathKind kind, string path) => kind switch
    {
        _ when System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } above && IsRun(above) =>
            $"name the run: {above}.",
        PathKind.Checkpoint => $"a checkpoint is named with --model {path}.",
        PathKind.Adapter => $"name it with --adapter {path}, and its base with --model.",
        PathKind.Head => $"name it with --head {path}, and its base with --model.",
        PathKind.OnnxModel => "it is merged already.",
        _ => "a run is the directory that lora-train --out wrote.",
    };

    /// <summary>The base that the run was trained on; one of the hub is fetched again where it is no longer in the cache.</summary>
    /// <exception cref="InputException">It is missing or broken, or its weights are not those of the training.</exception>
    public Checkpoint OpenBase(IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        // A base of the hub may have left the cache since.
        var directory = Directory.Exists(Record.ModelDirectory) ? Record.ModelDirectory : HubModels.Locate(Record.Model, progress, cancellationToken);
        var checkpoint = Checkpoint.Open(directory);
        var hash = checkpoint.WeightsHash();
        return hash == Record.ModelHash ? checkpoint : throw InputException.InFile(checkpoint.Directory,
            $"has other weights ({hash[..12]}) than the run {Path} was trained on ({Record.ModelHash[..Math.Min(12, Record.ModelHash.Length)]}).",
            "bring the base back that run.json names, or merge it yourself: lora-merge --model and --adapter.");
    }

    /// <summary>The classes that the run was trained for.</summary>
    /// <exception cref="InputException">run.json names one twice.</exception>
    public ClassificationTask TaskOn(ClassificationTask ofBase)
    {
        ArgumentNullException.ThrowIfNull(ofBase);
        if (Record.Labels?.GroupBy(label => label).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw InputException.InFile(System.IO.Path.Combine(Path, RecordFileName),
                $"'labels' has '{twice.Key}' {twice.Count()} times, expected distinct names.");
        }

        return Record.Labels is not { } labels ? ofBase : new ClassificationTask(labels,
            Record.ProblemType == ClassificationTask.NameOf(ProblemType.MultiLabel) ? ProblemType.MultiLabel : ProblemType.SingleLabel);
    }

    /// <summary>Writes run.json atomically.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public static void WriteRecord(string path, RunRecord record) =>
        AtomicFile.WriteText(System.IO.Path.Combine(path, RecordFileName), ToJson(record) + "\n");

    /// <summary>The record as run.json has it.</summary>
    public static string ToJson(RunRecord record) => JsonSerializer.Serialize(record, _json.RunRecord);

    /// <summary>Logits that training left for the reference texts (max length of the run, fp32, adapter not merged), in order; or null when the run
    /// has none.</summary>
    /// <exception cref="InputException">The file is malformed.</exception>
    public IReadOnlyList<float[]>? ReadReferenceLogits() => ReferenceLogits.Read(Path, ReferenceTexts.All);

    private string? Existing(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        return Directory.Exists(path) ? path : null;
    }
}
