using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Evaluation.Models;

/// <summary>A model ready to score: it cuts texts as its training did.</summary>
internal sealed class ComparedModel : IDisposable
{
    private readonly TextClassifier _classifier;
    private readonly RunRecord? _run;

    private ComparedModel(ModelArgument argument, TextClassifier classifier, RunRecord? run)
    {
        Name = argument.Name;
        Path = argument.Path;
        _classifier = classifier;
        _run = run;
    }

    public string Name { get; }

    public string Path { get; }

    public DistilBertConfig Config => _classifier.Model.Config;

    public long Bytes => _classifier.Model.Bytes;

    public long? TrainedParameters => _run?.TrainedParameters ?? (long?)Stated(OnnxMetadata.TrainedParameters);

    public double? TrainingSeconds => _run?.TrainingSeconds ?? Stated(OnnxMetadata.TrainingSeconds);

    /// <exception cref="InputException">The path is none of the three kinds, or something in it is missing or malformed.</exception>
    public static ComparedModel Open(ModelArgument argument, InferenceOptions options)
    {
        var path = argument.Path;
        if (RunDirectory.IsRun(path))
        {
            return OpenRun(argument, options);
        }

        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFiles(path, "*.onnx").Any()))
        {
            return new ComparedModel(argument, TextClassifier.Load(path, options), null);
        }

        return Directory.Exists(path)
            ? new ComparedModel(argument, TextClassifier.FromWeights(Checkpoint.Open(path).LoadWeights(), path, options), null)
            : throw InputException.InFile(path, "no such file or directory.", "give an ONNX file or its directory, a checkpoint directory, or a run of lora-train.");
    }

    public EncodedText Encode(string text) => _run is null
        ? _classifier.Encode(text)
        : _classifier.Tokenizer.Encode(text, Math.Min(_run.MaxLength, Config.MaxPositions), TruncationName.Parse(_run.Truncate));

    public float[][] Run(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken) => _classifier.Run(batch, cancellationToken);

    public void Dispose() => _classifier.Dispose();

    private static ComparedModel OpenRun(ModelArgument argument, InferenceOptions options)
    {
        var run = RunDirectory.Open(argument.Path);
        var checkpoint = run.OpenBase();
        var weights = run.HeadDirectory is { } head ? checkpoint.LoadWeights(HeadFile.Read(head, checkpoint.Config)) : checkpoint.LoadWeights();
        if (run.AdapterDirectory is { } adapter)
        {
            weights = AdapterFold.Fold(weights, [(LoraAdapter.Load(adapter, checkpoint.Config), 1.0)], 1).Merged;
        }

        return new ComparedModel(argument, TextClassifier.FromWeights(weights, checkpoint.Directory, options), run.Record);
    }

    private double? Stated(string key) =>
        double.TryParse(_classifier.Model.Metadata.GetValueOrDefault(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
