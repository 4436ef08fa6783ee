using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>What stands at a path, as far as file names tell: for errors where something else is expected there.</summary>
public enum PathKind
{
    Missing,
    File,
    Run,
    Adapter,
    OnnxModel,
    Checkpoint,
    Head,

    /// <summary>The folder of lora-train --sweep, which has the runs in it.</summary>
    Sweep,

    /// <summary>The folder of lora-train --per, which has the runs in it.</summary>
    RunsOfValues,
    OtherDirectory,
}

/// <summary>Tells the kinds apart and says them in words.</summary>
public static class PathKinds
{
    private const int MostRuns = 8;

    public static PathKind Of(string path)
    {
        bool Has(string name) => System.IO.File.Exists(Path.Combine(path, name));
        return !Directory.Exists(path) ? System.IO.File.Exists(path) ? PathKind.File : PathKind.Missing
            : Has(RunDirectory.RecordFileName) ? PathKind.Run
            : Has(PeftConfig.FileName) ? PathKind.Adapter
            : Has("model.onnx") || Has(Path.Combine("onnx", "model.onnx")) || Has(Path.Combine("1", "model.onnx")) ? PathKind.OnnxModel
            : Has(ModelConfig.FileName) ? PathKind.Checkpoint
            : Has(Checkpoint.WeightsFileName) ? PathKind.Head
            : Has(RunDirectory.SweepFileName) ? PathKind.Sweep
            : Has(ValueRuns.FileName) ? PathKind.RunsOfValues
            : PathKind.OtherDirectory;
    }

    /// <summary>"name one of the runs in it: lr-2e-4, lr-5e-4."; null for what is no folder of several runs.</summary>
    public static string? OneOfSeveral(string path)
    {
        if (Of(path) is not (PathKind.Sweep or PathKind.RunsOfValues))
        {
            return null;
        }

        List<string> runs = [.. Directory.EnumerateDirectories(path).Where(RunDirectory.IsRun).Select(run => Path.GetFileName(run))
            .Order(StringComparer.Ordinal)];
        return runs.Count == 0 ? $"{path} has no run yet."
            : $"name one of the runs in it: {string.Join(", ", runs.Take(MostRuns))}{(runs.Count > MostRuns ? ", ..." : "")}.";
    }

    /// <summary>"runs/lora: is a run of lora-train, expected a checkpoint.", with the way out for what was found; where it is nothing known, that
    /// <paramref name="file"/>, which every such directory has, is missing.</summary>
    public static InputException Instead(string path, string expected, string file, Func<PathKind, string> wayOut)
    {
        ArgumentNullException.ThrowIfNull(wayOut);
        var kind = Of(path);
        return kind switch
        {
            PathKind.Missing => InputException.InFile(path, "no such directory.", Joined(wayOut(kind), NearbyNames.Of(path))),
            PathKind.OtherDirectory => InputException.InFile(Path.Combine(path, file), "no such file.",
                Joined(wayOut(kind), NearbyNames.Of(Path.Combine(path, file)))),
            _ => InputException.InFile(path, $"is {Words(kind, Absent(path, file))}, expected {expected}.", OneOfSeveral(path) ?? wayOut(kind)),
        };
    }

    /// <summary>What it would need to be what was expected: <paramref name="file"/>, or weights where that is there.</summary>
    private static string Absent(string path, string file) => System.IO.File.Exists(Path.Combine(path, file)) ? Checkpoint.WeightsFileName : file;

    private static string Joined(string hint, string nearby) => $"{hint} {nearby}".TrimEnd();

    private static string Words(PathKind kind, string absent) => kind switch
    {
        PathKind.File => "a file",
        PathKind.Run => "a run of lora-train",
        PathKind.Adapter => $"an adapter: it has {PeftConfig.FileName} and no {absent}",
        PathKind.OnnxModel => "an ONNX model",
        PathKind.Checkpoint => "a checkpoint",
        PathKind.Head => "weights without config.json",
        PathKind.Sweep => "the folder of a sweep",
        PathKind.RunsOfValues => "a folder of lora-train --per",
        _ => throw new System.Diagnostics.UnreachableException("What is not known has no words. This is a bug."),
    };
}
