using LoraOnnx.CommandLine;
using LoraOnnx.Graph;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.Models;

/// <summary>What a training run made, in memory: the base with the trained head, and the adapter beside it, to be folded at any scale.</summary>
internal sealed class RunWeights
{
    private readonly ModelWeights _weights;
    private readonly LoraAdapter? _adapter;

    private RunWeights(RunDirectory run, string baseDirectory, ModelWeights weights, LoraAdapter? adapter)
    {
        Run = run;
        BaseDirectory = baseDirectory;
        _weights = weights;
        _adapter = adapter;
    }

    public RunDirectory Run { get; }

    public string BaseDirectory { get; }

    public bool HasAdapter => _adapter is not null;

    /// <summary>SHA-256 of the base's weights and of what was trained.</summary>
    public IReadOnlyDictionary<string, string> Hashes
    {
        get
        {
            var hashes = new Dictionary<string, string> { ["base"] = Run.Record.ModelHash };
            if (_adapter?.ContentHash is { } adapter)
            {
                hashes["adapter"] = adapter;
            }

            if (Run.HeadDirectory is { } head)
            {
                hashes["head"] = ContentHash.OfFile(Path.Combine(head, Checkpoint.WeightsFileName));
            }

            return hashes;
        }
    }

    /// <exception cref="InputException">The run or its base is missing, malformed, or they do not belong together.</exception>
    public static RunWeights Read(string path, CancellationToken cancellationToken)
    {
        var run = RunDirectory.Open(path);
        var checkpoint = run.OpenBase(DownloadProgress.OnStandardError, cancellationToken);
        var task = run.TaskOn(checkpoint.Config.Task);
        var config = checkpoint.Config.WithTask(task);
        var adapter = run.AdapterDirectory is { } directory ? LoraAdapter.Load(directory, config) : null;
        foreach (var note in checkpoint.Notes.Concat(adapter?.Warnings ?? []))
        {
            WarningLines.Write(note);
        }

        var weights = run.HeadDirectory is { } head ? checkpoint.LoadWeights(HeadFile.Read(head, config), task) : checkpoint.LoadWeights(task);
        return new RunWeights(run, checkpoint.Directory, weights, adapter);
    }

    /// <summary>The base, with the trained head where there is one, without the adapter.</summary>
    public ModelWeights Unmerged => _weights;

    /// <summary>The merged weights, with an adapter that counts <paramref name="scale"/> times.</summary>
    public ModelWeights At(double scale) => _adapter is null ? _weights : AdapterFold.Fold(_weights, [(_adapter, 1.0)], scale).Merged;
}
