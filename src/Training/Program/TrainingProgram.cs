using System.Diagnostics;
using LoraOnnx.CommandLine;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Texts;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Report;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training;

/// <summary>How a run begins and what it prints at the end.</summary>
internal sealed record RunStart(bool Resume, bool Overwrite, bool Json);

/// <summary>The story of a run: read, look at the texts, measure the raw model, train, measure the kept weights, report.</summary>
internal static class TrainingProgram
{
    /// <returns>The exit code.</returns>
    public static int Run(TrainingOptions options, RunStart start, ITrainingDisplay screen, CancellationToken cancellationToken) =>
        Run(options, start, new LastInputs(), screen, cancellationToken);

    /// <summary>A run among others, which takes from the one before what would be the same.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(TrainingOptions options, RunStart start, LastInputs inputs, ITrainingDisplay screen, CancellationToken cancellationToken)
    {
        var display = WarnsOnce.Over(screen);
        using var folder = RunFolder.Open(options.Out, start.Resume, start.Overwrite);
        var earlier = start.Resume && RunDirectory.IsRun(folder.Path) ? RunDirectory.Open(folder.Path).Record : null;
        if (earlier is { Finished: true })
        {
            display.Note($"{folder.Path} is finished; there is nothing to resume.");
            return End(earlier, folder, start, display);
        }

        try
        {
            return End(Run(options, folder, earlier, inputs, display, cancellationToken), folder, start, display);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Interrupted(folder, display);
            throw;
        }
    }

    private static RunRecord Run(TrainingOptions given, RunFolder folder, RunRecord? earlier, LastInputs inputs, ITrainingDisplay display,
        CancellationToken cancellationToken)
    {
        var launched = inputs.AreFirst ? Process.GetCurrentProcess().StartTime : DateTime.Now;
        var rules = earlier is null ? RunRules.Current : new RunRules(earlier.Version);
        var read = inputs.Read(given, Locate(given.Model, earlier, cancellationToken), rules, cancellationToken);
        var (options, @base, texts) = (read.Options, read.Base, read.Texts);
        var engine = TrainingEngines.Start(options.Engine, earlier, earlier is null ? options.MachineWish : MachineOf(earlier), display.Note);
        var effective = EffectiveOptions.Of(options, read.Adapters, engine.Machine, read.MaxLength, rules,
            options.StepsOf(texts.Train.Count, texts.Train.Tokens)) with
        {
            ClassWeights = ClassWeights.Of(options.ClassWeights, @base.Config.Task, texts.Train.Labels),
        };
        if (earlier is null)
        {
            folder.MakeRoom(); // not before model and texts are known to be good: an older run is not lost to a misspelt name
        }
        else
        {
            RunRecords.CheckUnchanged(earlier, @base, texts);
        }

        var record = earlier ?? RunRecords.Begin(options, effective, @base, texts, engine) with { Options = given.ToJson() };
        RunDirectory.WriteRecord(folder.Path, record);
        if (inputs.AreNew(read.AllTexts))
        {
            Introduce(record, texts, @base, display);
            Tell(read.Plan, given, options, display);
        }

        var last = earlier is null ? null : TrainingCheckpoint.Load(folder.LastCheckpoint);
        using var log = new RunLog(folder, last?.Log, TimeProvider.System);
        var job = new TrainingJob
        {
            Base = @base,
            Texts = texts,
            Options = effective,
            Engine = engine,
            Output = new RunOutput(folder, log, record, effective, @base.Config),
            Cache = new FeatureCache(FeatureCache.DefaultDirectory, effective.FeatureCacheGib, display.Warn),
            Display = display,
        };
        using var rawFeatures = new CachedFeatures(job, null, BasePrecision.Fp32) { Purpose = "measuring the raw model" };
        Train(job, rawFeatures, last, launched, cancellationToken);
        Finish(job, rawFeatures, cancellationToken);
        return job.Output.Record;
    }

    /// <summary>Which classes are trained, and what that changes.</summary>
    private static void Tell(LabelPlan plan, TrainingOptions given, TrainingOptions options, ITrainingDisplay display)
    {
        foreach (var note in plan.Notes)
        {
            display.Note(note);
        }

        if (options.Method != given.Method)
        {
            display.Note($"--method {EnumNames.Of(given.Method)} becomes {EnumNames.Of(options.Method)}: a new head must be trained.");
        }
    }

    /// <summary>What a run started with.</summary>
    private static MachineWish MachineOf(RunRecord record) =>
        new(EnumNames.Parse<ComputeDevice>(record.Device), EnumNames.Parse<BasePrecision>(record.Precision), record.Threads);

    /// <summary>Where the base is: a run goes on with the files it began with, although the hub may have newer ones.</summary>
    private static string Locate(string model, RunRecord? earlier, CancellationToken cancellationToken) =>
        earlier is not null && Directory.Exists(earlier.ModelDirectory)
            ? earlier.ModelDirectory
            : HubModels.Locate(model, DownloadProgress.OnStandardError, cancellationToken);

    private static void Introduce(RunRecord record, TrainingTexts texts, BaseModel @base, ITrainingDisplay display)
    {
        display.Note($"model: {record.Model} ({@base.Config.Shape.Blocks} layers, width {@base.Config.Shape.Width}), {record.Engine}, "
            + $"{record.Device}, {record.Precision}, {record.Threads} threads");
        foreach (var note in @base.Notes)
        {
            display.Warn(note);
        }

        if (@base.NewHeadSeed is { } seed)
        {
            var what = @base.HadHead ? ": the new head" : " has no classification head: a new one";
            display.Warn($"{@base.Directory}{what} is made from seed {seed} "
                + $"({string.Join(", ", @base.Config.Layout.Head.Keys)}) for {@base.Config.Task.Labels.Count} classes; "
                + "figures of the raw model say nothing.");
        }

        foreach (var (set, data) in texts.All.Zip(record.Data))
        {
            foreach (var line in DataSummary.Lines(set, data))
            {
                display.Note(line);
            }
        }

        foreach (var note in texts.Notes)
        {
            display.Note(note);
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

    private static void Train(TrainingJob job, CachedFeatures rawFeatures, TrainingCheckpoint? checkpoint, DateTime launched,
        CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        if (checkpoint is null)
        {
            // the log holds it from the first checkpoint on, and begins anew in a run that was killed before
            MeasureRaw(job, rawFeatures, cancellationToken);
        }
        else
        {
            job.Display.Note($"going on from step {checkpoint.Progress.Step}.");
        }

        var rawTime = Stopwatch.GetElapsedTime(started);
        var run = new TrainingRun(job, rawFeatures)
        {
            FirstStep = featureTime =>
            {
                if (job.Output.Record.StartUpSeconds is null)
                {
                    var startUp = DateTime.Now - launched - rawTime - featureTime;
                    job.Output.WriteRecord(job.Output.Record with { StartUpSeconds = startUp.TotalSeconds });
                }
            },
        };
        run.Run(checkpoint, cancellationToken);
    }

    /// <summary>Measures what the model can do before training, in fp32, where run.json does not hold it yet: what every later figure is compared
    /// with.</summary>
    private static void MeasureRaw(TrainingJob job, CachedFeatures rawFeatures, CancellationToken cancellationToken)
    {
        using var raw = new FinalFigures(job, new TrainedWeights(null, null), rawFeatures);
        RunMetrics? Measure(TextSet? set, RunMetrics? known)
        {
            if (set is null)
            {
                return known;
            }

            var metrics = known ?? raw.Of(set, new RunProgressPoint(0, 0), cancellationToken).Metrics;
            job.Output.Log.Evaluation("raw", set.Role, metrics);
            job.Display.Note($"raw model, {set.Role}: {DisplayText.Figures(metrics)}");
            return metrics;
        }

        var validation = Measure(job.Texts.Validation, job.Output.Record.Raw);
        var test = Measure(job.Texts.Test, job.Output.Record.RawTest);
        job.Output.WriteRecord(job.Output.Record with { Raw = validation, RawTest = test });
    }

    /// <summary>
    /// With several labels a text: the score from which each label holds, by its F1 on the validation texts, kept beside the weights.
    /// </summary>
    private static Calibration Thresholds(TrainingJob job, Dictionary<TextSet, IReadOnlyList<float[]>> answers, FinalFigures final,
        RunProgressPoint point)
    {
        if (!job.Base.Config.Task.IsMultiLabel || job.Texts.Validation is not { } validation)
        {
            return Calibration.None;
        }

        var plain = final.Of(validation, answers[validation], point, Calibration.None);
        var chosen = new Calibration
        {
            Thresholds = ThresholdChoice.ChooseEach(plain.Scored),
            Provenance = new Dictionary<string, string>
            {
                ["tool"] = $"lora-train {ToolVersion.Text}",
                ["validation_sha256"] = validation.Hash,
                ["texts"] = validation.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
        };
        chosen.Save(job.Output.Folder.Path);
        var tuned = final.Of(validation, answers[validation], point, chosen).Metrics;
        job.Display.Note(
            $"thresholds of the labels chosen on the validation texts: F1 {DisplayText.Percent(plain.Metrics.F1)} -> "
            + $"{DisplayText.Percent(tuned.F1)}, macro F1 {DisplayText.Percent(plain.Metrics.MacroF1)} -> {DisplayText.Percent(tuned.MacroF1)}");
        foreach (var label in tuned.Labels ?? [])
        {
            job.Display.Note($"  {label.Name}: F1 {DisplayText.Percent(label.F1)} on {label.Texts} texts, from a score of {label.Threshold:0.000}");
        }

        return chosen;
    }

    private static void Finish(TrainingJob job, CachedFeatures rawFeatures, CancellationToken cancellationToken)
    {
        job.Display.Note("measuring the kept weights in fp32 ...");
        rawFeatures.Purpose = "measuring the kept weights"; // a head of its own stands on the features of the raw model
        var record = job.Output.Record;
        var point = new RunProgressPoint(record.Best?.Step ?? record.Steps, record.Best?.Epoch ?? job.Options.Phases[^1].Epochs);
        using var final = new FinalFigures(job, job.Output.ReadWeights(), rawFeatures);
        var answers = job.Texts.All.Where(set => set != job.Texts.Train).ToDictionary(set => set, set => final.Logits(set, cancellationToken));
        var calibration = Thresholds(job, answers, final, point);
        RunMetrics? Measure(TextSet? set)
        {
            if (set is null)
            {
                return null;
            }

            var evaluation = final.Of(set, answers[set], point, calibration);
            job.Output.Log.Evaluation("final", set.Role, evaluation.Metrics);
            if (evaluation.OnlyAnswer is { } answer)
            {
                job.Display.Warn($"the trained model answers every {set.Role} text with {answer}.");
            }

            return evaluation.Metrics;
        }

        var (validation, test) = (Measure(job.Texts.Validation), Measure(job.Texts.Test));
        RunMetrics? OnPart(TextSet? part) => part?.Whole is not var (whole, places) ? null
            : final.Of(part, [.. places.Select(place => answers[whole][place])], point, calibration).Metrics;
        final.WriteReferenceLogits(job.Output.Folder.Path, cancellationToken);
        job.Output.Log.Flush(toDisk: true);
        record = record with
        {
            Validation = validation,
            Test = test,
            Values = job.Texts.Per is { } column && job.Texts.Train.Whole is null
                ? [.. job.Texts.Train.ValuesOf(column).OfType<string>().Distinct().Select(value =>
                    new RunValueMetrics(value, OnPart(job.Texts.Validation?.Only(column, value)), OnPart(job.Texts.Test?.Only(column, value))))]
                : null,
            PeakMemoryBytes = Math.Max(record.PeakMemoryBytes ?? 0, ProcessMemory.Peak),
            Finished = true,
        };
        TrainingPage.Write(job.Output.Folder, record);
        job.Output.WriteRecord(record);
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
            ? $"interrupted at step {record.Steps}; saved: "
                + $"{folder.LastCheckpoint}"
                + $"{(record.Best is { } best ? $", and the weights of the best F1 so far ({DisplayText.Percent(best.F1)})" : "")}."
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
