using System.Globalization;
using LoraOnnx.CommandLine;
using LoraOnnx.Graph;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge;

/// <summary>Everything a merge reads: base weights with the head in place, adapters, and how texts are cut.</summary>
internal sealed class MergeInput
{
    public required string BaseDirectory { get; init; }

    /// <summary>Base weights; a head of its own already stands in them.</summary>
    public required ModelWeights Weights { get; init; }

    public required IReadOnlyList<(LoraAdapter Adapter, double Weight)> Adapters { get; init; }

    /// <summary>The run these come from, or null.</summary>
    public RunDirectory? Run { get; init; }

    /// <summary>Whether a head comes from elsewhere than the base: from a run, a directory of its own, or with an adapter.</summary>
    public bool BringsHead { get; init; }

    public required int MaxTokens { get; init; }

    public required Truncation Truncation { get; init; }

    /// <summary>metadata_props of the file, the proof's result aside.</summary>
    public required Dictionary<string, string> Metadata { get; init; }

    /// <summary>The same files with nothing merged into the base.</summary>
    public MergeInput OfBase(ModelWeights weights) => new()
    {
        BaseDirectory = BaseDirectory,
        Weights = weights,
        Adapters = [],
        MaxTokens = MaxTokens,
        Truncation = Truncation,
        Metadata = Metadata,
    };

    /// <exception cref="InputException">Something is missing, malformed, or does not fit together.</exception>
    public static MergeInput Read(MergeOptions options, CancellationToken cancellationToken)
    {
        var run = options.Run is null ? null : RunDirectory.Open(options.Run);
        var checkpoint = run?.OpenBase(DownloadProgress.OnStandardError, cancellationToken)
            ?? Checkpoint.Open(HubModels.Locate(options.Model!, DownloadProgress.OnStandardError, cancellationToken)); // one of both was asked for

        var head = run is null ? options.Head : run.HeadDirectory;
        var requested = run is null ? options.Adapters : run.AdapterDirectory is { } trained ? [(trained, 1.0)] : [];
        var task = run?.TaskOn(checkpoint.Config.Task) ?? BroughtTask.Of(checkpoint.Config, head, [.. requested.Select(entry => entry.Directory)]);
        var config = checkpoint.Config.WithTask(task);
        var adapters = requested.Select(entry => (Adapter: LoraAdapter.Load(entry.Directory, config), entry.Weight)).ToList();
        foreach (var warning in checkpoint.Notes.Concat(adapters.SelectMany(entry => entry.Adapter.Warnings)))
        {
            WarningLines.Write(warning);
        }

        if (run is null && task.Labels.Count != checkpoint.Config.Task.Labels.Count)
        {
            WarningLines.Write($"{head ?? requested[0].Directory}: the head is for {task.Labels.Count} classes, that of the base for "
                + $"{checkpoint.Config.Task.Labels.Count}; they are named {VisibleText.Of(string.Join(", ", task.Labels))}.");
        }

        foreach (var (adapter, _) in adapters.Where(entry => entry.Weight * options.Scale == 0))
        {
            WarningLines.Write($"{adapter.Directory}: weight times --scale is 0, so the adapter is left "
                + $"out{(adapter.Replacements.Count > 0 ? "; the tensors that it replaces (head, biases) are taken" : "")}.");
        }

        var bringsHead = adapters.SelectMany(entry => entry.Adapter.Replacements)
            .Where(tensor => checkpoint.Config.Layout.Head.Keys.Contains(tensor.Name)).ToList();
        if (run is null && head is not null && bringsHead.Count > 0)
        {
            throw new InputException($"--head {head} and an adapter both bring '{bringsHead[0].Name}'.",
                "leave --head out to take the adapter's head.");
        }

        var weights = head is not null ? checkpoint.LoadWeights(HeadFile.Read(head, config), task)
            : checkpoint.LoadWeights(bringsHead.DistinctBy(tensor => tensor.Name), task); // two of a name are refused when folded
        return new MergeInput
        {
            BaseDirectory = checkpoint.Directory,
            Weights = weights,
            Adapters = adapters,
            Run = run,
            BringsHead = head is not null || bringsHead.Count > 0,
            MaxTokens = Math.Min(run?.Record.MaxLength ?? int.MaxValue, checkpoint.Config.MaxTokens),
            Truncation = EnumNames.Parse<Truncation>(run?.Record.Truncate) ?? Truncation.Head,
            Metadata = Describe(options, run, run?.Record.ModelHash ?? checkpoint.WeightsHash(), head, adapters, bringsHead.Count > 0),
        };
    }

    private static Dictionary<string, string> Describe(MergeOptions options, RunDirectory? run, string baseHash, string? head,
        List<(LoraAdapter Adapter, double Weight)> adapters, bool adapterBringsHead)
    {
        var newHead = head is not null || adapterBringsHead;
        var metadata = new Dictionary<string, string>
        {
            [OnnxMetadata.Tool] = ToolVersion.Text,
            [OnnxMetadata.BaseModel] = ModelName.Of(run?.Record.Model ?? options.Model!), // one of both was asked for
            [OnnxMetadata.BaseHash] = baseHash,
            [OnnxMetadata.Method] = OnnxMetadata.MethodOf(adapters.Count > 0, newHead),
            [OnnxMetadata.Precision] = EnumNames.Of(Precision.Fp32),
        };
        if (adapters.Count > 0)
        {
            metadata[OnnxMetadata.AdapterHashes] = string.Join(',', adapters.Select(entry => entry.Adapter.ContentHash));
            metadata[OnnxMetadata.AdapterWeights] = string.Join(',', adapters.Select(entry => entry.Weight.ToString(CultureInfo.InvariantCulture)));
            metadata[OnnxMetadata.Rank] =
                string.Join(',', adapters.SelectMany(entry => entry.Adapter.Modules).Select(module => module.Rank).Distinct().Order());
            metadata[OnnxMetadata.Scale] = options.Scale.ToString(CultureInfo.InvariantCulture);
        }

        if (head is not null)
        {
            metadata[OnnxMetadata.HeadHash] = ContentHash.OfFile(Path.Combine(head, Checkpoint.WeightsFileName));
        }

        if (run is not null)
        {
            metadata[OnnxMetadata.MaxLength] = run.Record.MaxLength.ToString(CultureInfo.InvariantCulture);
            metadata[OnnxMetadata.Truncate] = run.Record.Truncate;
            metadata[OnnxMetadata.TrainedParameters] = run.Record.TrainedParameters.ToString(CultureInfo.InvariantCulture);
            metadata[OnnxMetadata.TrainingSeconds] = run.Record.TrainingSeconds.ToString("F1", CultureInfo.InvariantCulture);
            metadata[OnnxMetadata.TrainedTokens] = run.Record.TrainedTokens.ToString(CultureInfo.InvariantCulture);
            if (MeasuredFigures.Of(run.Record) is { } measured)
            {
                metadata[OnnxMetadata.F1] = measured.Kept.F1.ToString("F4", CultureInfo.InvariantCulture);
                metadata[OnnxMetadata.F1Texts] = measured.Texts;
            }

            if (run.Record.Alpha is { } alpha)
            {
                metadata[OnnxMetadata.Alpha] = alpha.ToString(CultureInfo.InvariantCulture);
            }
        }

        return metadata;
    }
}
