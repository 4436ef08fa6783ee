using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Recording;

/// <summary>Writes what a run leaves: weights, run.json, checkpoints, the log.</summary>
internal sealed class RunOutput
{
    private readonly PeftAdapterSettings? _adapterSettings;
    private readonly ModelConfig _config;
    private readonly string _baseName;

    public RunOutput(RunFolder folder, RunLog log, RunRecord record, EffectiveOptions options, ModelConfig config)
    {
        Folder = folder;
        Log = log;
        Record = record;
        _config = config;
        _adapterSettings = options.Adapters is null ? null : AdapterOptions.Settings(options.Adapters, config, options.BaseName);
        _baseName = options.BaseName;
    }

    public RunFolder Folder { get; }

    public RunLog Log { get; }

    /// <summary>run.json as it was last written.</summary>
    public RunRecord Record { get; private set; }

    /// <summary>Replaces adapter/ and head/.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public void WriteWeights(TrainedWeights weights) => OrHowToGoOn(() =>
    {
        if (weights.Adapter is { } adapter)
        {
            var settings = _adapterSettings! with { TrainedHead = weights.Head is null ? null : _config.Layout.Head }; // adapters are trained
            PeftAdapterWriter.Write(Folder.Adapter, adapter, settings);
        }

        if (weights.Head is { } head)
        {
            Directory.CreateDirectory(Folder.Head);
            SafetensorsWriter.Write(Path.Combine(Folder.Head, Checkpoint.WeightsFileName), head);
            NameClasses(Folder.Head);
            if (weights.Adapter is not null)
            {
                NameClasses(Folder.Adapter);
            }
        }

        WriteCards();
    });

    /// <summary>Puts a config.json beside a head whose classes are not those of the base's.</summary>
    private void NameClasses(string folder)
    {
        if (!ModelConfig.Load(Record.ModelDirectory).Task.IsSameAs(_config.Task))
        {
            AtomicFile.WriteText(Path.Combine(folder, ModelConfig.FileName), CheckpointWriter.Config(Record.ModelDirectory, _config));
        }
    }

    /// <summary>The weights that are in adapter/ and head/ now.</summary>
    public TrainedWeights ReadWeights()
    {
        var adapter = Directory.Exists(Folder.Adapter) ? LoraAdapter.Load(Folder.Adapter, _config) : null;
        if (!Directory.Exists(Folder.Head))
        {
            return new TrainedWeights(adapter, null);
        }

        using var file = SafetensorsFile.Open(Path.Combine(Folder.Head, Checkpoint.WeightsFileName));
        return new TrainedWeights(adapter, [.. _config.Layout.Head.Keys.Select(file.Read)]);
    }

    /// <summary>Saves a checkpoint, and run.json with it.</summary>
    /// <exception cref="InputException">The disk is full or the folder not writable; the older checkpoint stays.</exception>
    public void SaveCheckpoint(RunProgress progress, LearnerState state) => OrHowToGoOn(() =>
    {
        new TrainingCheckpoint { Progress = progress, Log = Log.Flush(toDisk: true), Engine = state }.Save(Folder.LastCheckpoint);
        WriteRecord(Record with
        {
            Steps = progress.Step,
            TrainedTokens = progress.Tokens,
            TrainingSeconds = progress.Seconds,
            PeakMemoryBytes = progress.PeakMemoryBytes,
            Best = progress.Best,
            Last = progress.Last,
        });
    });

    /// <summary>Replaces run.json.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public void WriteRecord(RunRecord record)
    {
        Record = record;
        if (record.Finished)
        {
            WriteCards(); // with the figures of the end
        }

        RunDirectory.WriteRecord(Folder.Path, record);
    }

    private void WriteCards()
    {
        foreach (var folder in new[] { Folder.Adapter, Folder.Head }.Where(Directory.Exists))
        {
            AtomicFile.WriteText(Path.Combine(folder, RunCard.FileName), RunCard.Of(Record, _baseName, isAdapter: folder == Folder.Adapter));
        }
    }

    /// <summary>What is on the disk is whole, so once there is room the run can go on.</summary>
    private void OrHowToGoOn(Action write)
    {
        try
        {
            write();
        }
        catch (InputException failure)
        {
            throw new InputException(failure.Message,
                $"check that the folder is writable and the disk has room; then go on with: lora-train --out {Folder.Path} --resume", failure);
        }
    }
}
