using System.Globalization;
using LoraOnnx.Client;
using LoraOnnx.CommandLine;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Evaluation.Models;

/// <summary>Opens what a path names: an ONNX file or its directory, a run, a checkpoint, or a server.</summary>
internal sealed class ModelLoader(CompareOptions options)
{
    /// <exception cref="InputException">There is no model, or it is malformed.</exception>
    public async Task<IScoredModel> LoadAsync(ModelArgument argument, CancellationToken cancellationToken)
    {
        if (argument.IsServer)
        {
            return await ServerModel.ConnectAsync(argument, options, cancellationToken);
        }

        if (!Path.Exists(argument.Path))
        {
            if (ServerAddress.WayOut(argument.Path) is { } wayOut)
            {
                throw InputException.InFile(argument.Path, "no such file or directory.", $"{wayOut}");
            }

            argument = argument with { Path = HubModels.Locate(argument.Path, DownloadProgress.OnStandardError, cancellationToken) };
        }

        if (RunDirectory.IsRun(argument.Path))
        {
            return LoadRun(argument.Name, RunWeights.Read(argument.Path, cancellationToken), 1);
        }

        if (ValueRuns.Are(argument.Path))
        {
            return LoadValues(argument, cancellationToken);
        }

        if (PathKinds.Of(argument.Path) == PathKind.Sweep)
        {
            throw InputException.InFile(argument.Path, "is the folder of a sweep, expected a model.",
                $"all of its runs are {Path.Combine(argument.Path, "*")}; or {PathKinds.OneOfSeveral(argument.Path)}");
        }

        return Directory.Exists(argument.Path) && ModelFiles.TryFind(argument.Path) is null
            && !Directory.EnumerateFiles(argument.Path, "*.onnx").Any()
            ? LoadCheckpoint(argument) : LoadOnnx(argument);
    }

    /// <summary>A run whose adapter counts <paramref name="scale"/> times.</summary>
    public LocalModel LoadRun(string name, RunWeights run, double scale)
    {
        var record = run.Run.Record;
        var classifier = TextClassifier.FromWeights(run.At(scale), run.BaseDirectory, Inference());
        return Local(name, classifier, EnumNames.Parse<Truncation>(record.Truncate) ?? Truncation.Head, new ModelCard
        {
            Path = run.Run.Path,
            Kind = "run",
            Hashes = run.Hashes,
            Bytes = classifier.Model.Bytes,
            Precision = EnumNames.Of(classifier.Model.Precision),
            MaxTokens = Math.Min(record.MaxLength, classifier.Model.MaxTokens),
            Truncate = record.Truncate,
            Method = record.Method,
            Rank = record.Rank?.ToString(CultureInfo.InvariantCulture),
            Scale = run.HasAdapter ? scale : null,
            TrainedParameters = record.TrainedParameters,
            TrainingSeconds = record.TrainingSeconds,
            TrainedTokens = record.TrainedTokens,
            Directory = run.Run.Path,
        }, () => OfRun(run.Run.Path, scale, classifier.Tokenizer));
    }

    /// <summary>The weights of all values, as adapters of one base.</summary>
    private OwnWeightsModel LoadValues(ModelArgument argument, CancellationToken cancellationToken)
    {
        var runs = ValueRuns.Open(argument.Path);
        var pooled = RunWeights.Read(Path.Combine(argument.Path, runs.Pooled), cancellationToken);
        var classifier = TextClassifier.FromWeights(pooled.Unmerged, pooled.BaseDirectory, Inference() with { TakesAdapters = true });
        var loaded = new List<ModelVariant>();
        try
        {
            ModelVariant Load(string folder)
            {
                var path = Path.Combine(argument.Path, folder);
                var hash = RunDirectory.Open(path).Record.ModelHash;
                loaded.Add(hash == pooled.Run.Record.ModelHash ? classifier.LoadVariant(new VariantSource(path))
                    : throw InputException.InFile(path, $"was trained on other weights ({hash[..Math.Min(12, hash.Length)]}) than {pooled.Run.Path}.",
                        "train the values again together."));
                return loaded[^1];
            }

            var ofAll = Load(runs.Pooled);
            var ofValues = runs.Runs.ToDictionary(run => run.Value, run => Load(run.Folder));
            var records = runs.Runs.Select(run => RunDirectory.Open(Path.Combine(argument.Path, run.Folder)).Record).ToList();
            var record = pooled.Run.Record;
            var kept = options.Truncate ?? EnumNames.Parse<Truncation>(record.Truncate) ?? Truncation.Head;
            return new OwnWeightsModel(argument.Name, new ModelCard
            {
                Path = argument.Path,
                Kind = "runs",
                Hashes = new Dictionary<string, string> { ["base"] = record.ModelHash },
                Bytes = classifier.Model.Bytes + loaded.Sum(variant => variant.Bytes),
                Precision = EnumNames.Of(classifier.Model.Precision),
                MaxTokens = Math.Min(options.MaxLength ?? record.MaxLength, classifier.Model.Config.MaxTokens),
                Truncate = EnumNames.Of(kept),
                Method = record.Method,
                Rank = record.Rank?.ToString(CultureInfo.InvariantCulture),
                TrainedParameters = records.Sum(run => run.TrainedParameters),
                TrainingSeconds = records.Sum(run => run.TrainingSeconds),
                TrainedTokens = records.Sum(run => run.TrainedTokens),
            }, classifier, runs.Column, ofValues, ofAll, kept, options.Threads, run => OfRun(run, 1, classifier.Tokenizer));
        }
        catch
        {
            loaded.ForEach(variant => variant.Dispose());
            classifier.Dispose();
            throw;
        }
    }

    private LocalModel LoadCheckpoint(ModelArgument argument)
    {
        if (File.Exists(Path.Combine(argument.Path, "adapter_config.json")))
        {
            throw InputException.InFile(argument.Path, "is a PEFT adapter, expected an ONNX file, a checkpoint or a run.",
                "merge it first: lora-merge --model BASE --adapter DIR --out model.onnx.");
        }

        var checkpoint = Checkpoint.Open(argument.Path);
        foreach (var note in checkpoint.Notes)
        {
            WarningLines.Write(note);
        }

        var classifier = TextClassifier.FromWeights(checkpoint.LoadWeights(), argument.Path, Inference());
        return Local(argument.Name, classifier, classifier.Model.Truncation, new ModelCard
        {
            Path = argument.Path,
            Kind = "checkpoint",
            Hashes = new Dictionary<string, string> { ["weights"] = checkpoint.WeightsHash() },
            Bytes = classifier.Model.Bytes,
            Precision = EnumNames.Of(classifier.Model.Precision),
            MaxTokens = classifier.Model.MaxTokens,
            Truncate = EnumNames.Of(classifier.Model.Truncation),
            Method = OnnxMetadata.Raw,
            TrainedParameters = 0,
            TrainingSeconds = 0,
            TrainedTokens = 0,
            Directory = argument.Path,
        }, () => TextExplainer.FromWeights(checkpoint.LoadWeights(), classifier.Tokenizer, AllThreads()));
    }

    private LocalModel LoadOnnx(ModelArgument argument)
    {
        const string WhatIsTaken = "give an ONNX file or its directory, a checkpoint directory, or a run of lora-train.";
        if (!Path.Exists(argument.Path))
        {
            throw InputException.InFile(argument.Path, "no such file or directory.",
                $"{WhatIsTaken} {NearbyNames.Of(argument.Path)}");
        }

        if (File.Exists(argument.Path) && !argument.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw InputException.InFile(argument.Path, "is not an ONNX file, whose name would end in .onnx.", WhatIsTaken);
        }

        var classifier = TextClassifier.Load(argument.Path, Inference() with { Precision = options.Precision });
        var metadata = classifier.Model.Metadata;
        var raw = metadata.GetValueOrDefault(OnnxMetadata.Method) == OnnxMetadata.Raw;
        return Local(argument.Name, classifier, classifier.Model.Truncation, new ModelCard
        {
            Path = argument.Path,
            Kind = "onnx",
            Hashes = new Dictionary<string, string> { ["onnx"] = classifier.Model.Hash },
            Bytes = classifier.Model.Bytes,
            Precision = EnumNames.Of(classifier.Model.Precision),
            MaxTokens = classifier.Model.MaxTokens,
            Truncate = EnumNames.Of(classifier.Model.Truncation),
            Method = metadata.GetValueOrDefault(OnnxMetadata.Method),
            Rank = metadata.GetValueOrDefault(OnnxMetadata.Rank),
            Scale = Number(metadata, OnnxMetadata.Scale),
            TrainedParameters = (long?)Number(metadata, OnnxMetadata.TrainedParameters) ?? (raw ? 0 : null),
            TrainingSeconds = Number(metadata, OnnxMetadata.TrainingSeconds) ?? (raw ? 0 : null),
            TrainedTokens = (long?)Number(metadata, OnnxMetadata.TrainedTokens) ?? (raw ? 0 : null),
            Directory = Directory.Exists(argument.Path) ? argument.Path : ModelFiles.DirectoryOf(argument.Path),
        }, () => TextExplainer.Open(classifier, AllThreads() with { Precision = options.Precision }));
    }

    private LocalModel Local(string name, TextClassifier classifier, Truncation truncation, ModelCard card,
        Func<TextExplainer> openExplainer)
    {
        var kept = options.Truncate ?? truncation;
        var limited = card with
        {
            MaxTokens = Math.Min(options.MaxLength ?? card.MaxTokens, classifier.Model.Config.MaxTokens),
            Truncate = EnumNames.Of(kept),
        };
        var calibration = card.FileHash is { } hash
            ? Calibration.LoadFor(card.Directory!, hash, WarningLines.Write) // a file has a directory
            : card is { Kind: "run", Scale: null or 1 } && classifier.Model.Config.Task.IsMultiLabel
                ? Calibration.LoadOrNone(card.Directory!) // as well
            : Calibration.None;
        return new LocalModel(name, limited, classifier, kept, calibration, options.Threads, openExplainer);
    }

    /// <summary>Of a run's weights, read once more: nobody keeps them while texts are scored.</summary>
    private TextExplainer OfRun(string run, double scale, TextTokenizer tokenizer) =>
        TextExplainer.FromWeights(RunWeights.Read(run, CancellationToken.None).At(scale), tokenizer, AllThreads());

    /// <summary>Texts are explained one after another.</summary>
    private InferenceOptions AllThreads() => Inference() with { Threads = options.Threads };

    /// <summary>One thread a run: <see cref="LocalModel"/> runs several at once.</summary>
    private static InferenceOptions Inference() =>
        new() { Device = ComputeDevice.Cpu, Threads = 1, Log = line => VisibleLines.Tell($"note: {line}") };

    private static double? Number(IReadOnlyDictionary<string, string> metadata, string key) =>
        double.TryParse(metadata.GetValueOrDefault(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
