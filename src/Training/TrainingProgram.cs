using System.Diagnostics;
using LoraOnnx.CommandLine;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Report;

namespace LoraOnnx.Training;

/// <summary>How a run begins and what it prints at the end.</summary>
internal sealed record RunStart(bool Resume, bool Overwrite, bool Json);

/// <summary>The story of a run: read, look at the texts, measure the raw model, train, measure the kept weights, report.</summary>
internal static class TrainingProgram
{
    /// <returns>The exit code.</returns>
    public static int Run(TrainingOptions options, RunStart start, ITrainingDisplay display, CancellationToken cancellationToken)
    {
        using var folder = RunFolder.Open(options.Out, start.Resume, start.Overwrite);
        var earlier = start.Resume && RunDirectory.IsRun(folder.Path) ? RunDirectory.Open(folder.Path).Record : null;
        if (earlier is { Finished: true })
        {
            display.Note($"{folder.Path} is finished; there is nothing to resume.");
            return End(earlier, folder, start, display);
        }

        try
        {
            return End(Run(options, folder, earlier, display, cancellationToken), folder, start, display);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Interrupted(folder, display);
            throw;
        }
    }

    private static RunRecord Run(TrainingOptions options, RunFolder folder, RunRecord? earlier, ITrainingDisplay display, CancellationToken cancellationToken)
    {
        var @base = BaseModel.Load(Locate(options.Model, earlier, cancellationToken), options);
        var maxLength = @base.MaxLength(options);
        _ = options.TrainsAdapters ? AdapterOptions.Plan(options, @base.Config) : null; // targets that match nothing are told before anything is computed
        var texts = TrainingTexts.Load(options, @base.Config.Task, @base.Tokenizer, maxLength, cancellationToken);
        NativeTorch.Prepare(display.Note);
        var machine = earlier is null ? Machine.Choose(options) : Machine.Of(earlier);
        var record = RunRecords.Begin(options, @base, texts, machine, maxLength, earlier);
        if (earlier is null)
        {
            folder.MakeRoom(); // not before model and texts are known to be good: an older run is not lost to a misspelt name
        }

        RunDirectory.WriteRecord(folder.Path, record);
        Introduce(record, texts, @base, display);
        var checkpoint = earlier is null ? null : TrainingCheckpoint.Load(folder.LastCheckpoint);
        using var log = new RunLog(folder, checkpoint?.Log, TimeProvider.System);
        var output = new RunOutput(folder, log, record, options, @base.Config);
        var cache = new FeatureCache(FeatureCache.DefaultDirectory, display.Warn);
        using var rawEncoder = new FrozenEncoder(@base, null, options, machine, Precision.Fp32, cache, display);
        Train(options, machine, @base, texts, output, rawEncoder, cache, checkpoint, display, cancellationToken);
        Finish(options, machine, @base, texts, output, rawEncoder, display, cancellationToken);
        return output.Record;
    }

    /// <summary>Where the base is: a run goes on with the files it began with, although the hub may have newer ones.</summary>
    private static string Locate(string model, RunRecord? earlier, CancellationToken cancellationToken) =>
        earlier is not null && Directory.Exists(earlier.ModelDirectory) ? earlier.ModelDirectory : HubModels.Locate(model, DownloadProgress.OnStandardError, cancellationToken);

    private static void Introduce(RunRecord record, TrainingTexts texts, BaseModel @base, ITrainingDisplay display)
    {
        display.Note($"model: {record.Model} ({@base.Config.Shape.Blocks} layers, width {@base.Config.Shape.Width}), {record.Device}, {record.Precision}, {record.Threads} threads");
        if (@base.NewHeadSeed is { } seed)
        {
            display.Warn($"{@base.Directory} has no classification head: a new one is made from seed {seed} ({string.Join(", ", @base.Config.Layout.Head.Keys)}); figures of the raw model say nothing.");
        }

        foreach (var (set, data) in texts.All.Zip(record.Data))
        {
            foreach (var line in DataReport.Lines(set, data))
            {
                display.Note(line);
            }
        }

        foreach (var warning in texts.Warnings)
        {
            display.Warn(warning);
        }

        if (texts.Validation is null)
        {
            display.Warn("no --validation: the weights of the last step are kept, better ones may have been passed.");
        }
    }

    private static void Train(TrainingOptions options, Machine machine, BaseModel @base, TrainingTexts texts, RunOutput output, FrozenEncoder rawEncoder, FeatureCache cache, TrainingCheckpoint? checkpoint,
        ITrainingDisplay display, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        MeasureRaw(options, machine, @base, texts, output, rawEncoder, logHolds: checkpoint is not null, display, cancellationToken);
        var rawTime = Stopwatch.GetElapsedTime(started);
        if (checkpoint is not null)
        {
            display.Note($"going on from step {checkpoint.Progress.Step}.");
        }

        var run = new TrainingRun(@base, texts, options, machine, output, rawEncoder, cache, display)
        {
            FirstStep = featureTime =>
            {
                if (output.Record.StartUpSeconds is null)
                {
                    var sinceLaunch = DateTime.Now - Process.GetCurrentProcess().StartTime;
                    output.WriteRecord(output.Record with { StartUpSeconds = (sinceLaunch - rawTime - featureTime).TotalSeconds });
                }
            },
        };
        run.Run(checkpoint, cancellationToken);
    }

    /// <summary>Measures what run.json does not hold yet; the log holds it from the first checkpoint on, and begins anew in a run that was killed before.</summary>
    private static void MeasureRaw(TrainingOptions options, Machine machine, BaseModel @base, TrainingTexts texts, RunOutput output, FrozenEncoder encoder, bool logHolds, ITrainingDisplay display, CancellationToken cancellationToken)
    {
        RunMetrics? Measure(TextSet? set, RunMetrics? known)
        {
            if (set is null || logHolds)
            {
                return known;
            }

            var metrics = known ?? RawFigures.Of(set, @base, encoder, options, machine, cancellationToken);
            output.Log.Evaluation("raw", set.Role, metrics);
            display.Note($"raw model, {set.Role}: {DisplayText.Figures(metrics)}");
            return metrics;
        }

        var raw = Measure(texts.Validation, output.Record.Raw);
        var rawTest = Measure(texts.Test, output.Record.RawTest);
        output.WriteRecord(output.Record with { Raw = raw, RawTest = rawTest });
    }

    private static void Finish(TrainingOptions options, Machine machine, BaseModel @base, TrainingTexts texts, RunOutput output, FrozenEncoder rawEncoder, ITrainingDisplay display, CancellationToken cancellationToken)
    {
        display.Note("measuring the kept weights in fp32 ...");
        var record = output.Record;
        var point = new RunProgressPoint(record.Best?.Step ?? record.Steps, record.Best?.Epoch ?? PhasePlan.Of(options)[^1].Epochs);
        using var final = new FinalFigures(@base, output.ReadWeights(), options, machine, rawEncoder, point);
        RunMetrics? Measure(TextSet? set)
        {
            if (set is null)
            {
                return null;
            }

            var evaluation = final.Of(set, cancellationToken);
            output.Log.Evaluation("final", set.Role, evaluation.Metrics);
            if (evaluation.OnlyAnswer is { } answer)
            {
                display.Warn($"the trained model answers every {set.Role} text with {answer}.");
            }

            return evaluation.Metrics;
        }

        var (validation, test) = (Measure(texts.Validation), Measure(texts.Test));
        final.WriteReferenceLogits(output.Folder.Path, record.MaxLength, cancellationToken);
        output.Log.Flush(toDisk: true);
        record = record with { Validation = validation, Test = test, PeakMemoryBytes = Math.Max(record.PeakMemoryBytes ?? 0, ProcessMemory.Peak), Finished = true };
        HtmlReport.Write(output.Folder, record);
        output.WriteRecord(record);
    }

    private static void Interrupted(RunFolder folder, ITrainingDisplay display)
    {
        if (!folder.HoldsThisRun)
        {
            display.Note("interrupted before training began; nothing was trained and nothing is saved.");
            return;
        }

        var record = RunDirectory.Open(folder.Path).Record;
        display.Note(Directory.Exists(folder.LastCheckpoint)
            ? $"interrupted at step {record.Steps}; saved: {folder.LastCheckpoint}{(record.Best is { } best ? $", and the weights of the best F1 so far ({DisplayText.Percent(best.F1)})" : "")}."
            : "interrupted before the first step; nothing was trained yet.");
        display.Note($"go on with: lora-train --out {folder.Path} --resume");
    }

    private static int End(RunRecord record, RunFolder folder, RunStart start, ITrainingDisplay display)
    {
        foreach (var line in RunSummary.Lines(record, folder))
        {
            display.Note(line);
        }

        if (start.Json)
        {
            Console.Out.WriteLine(RunDirectory.ToJson(record));
        }

        return ExitCode.Success;
    }
}
