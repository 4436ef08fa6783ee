using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.Tests.Support;

/// <summary>Tiny models in the forms that lora-compare takes, made from a checkpoint in code.</summary>
internal static class TinyModels
{
    private const int Rank = 2;

    /// <summary>The checkpoint as an ONNX directory.</summary>
    public static string Onnx(this TinyModel model, string name)
    {
        var directory = Directory.CreateDirectory(Path.Combine(model.Folder, name)).FullName;
        using (var file = File.Create(Path.Combine(directory, ModelFiles.Model)))
        {
            OnnxModelFile.Write(file, model.Weights, OnnxModelFile.DefaultOpset, [KeyValuePair.Create(OnnxMetadata.Method, "raw")]);
        }

        foreach (var companion in ModelFiles.Companions.Where(companion => File.Exists(Path.Combine(model.Checkpoint, companion))))
        {
            File.Copy(Path.Combine(model.Checkpoint, companion), Path.Combine(directory, companion));
        }

        return directory;
    }

    /// <summary>A run whose adapter was not trained but drawn: large enough to change answers.</summary>
    public static string Run(this TinyModel model, string name)
    {
        var directory = Directory.CreateDirectory(Path.Combine(model.Folder, name)).FullName;
        var random = new Random(3);
        var width = model.Options.Width;
        var modules = Enumerable.Range(0, model.Options.Layers).Select(layer => $"distilbert.transformer.layer.{layer}.attention.q_lin")
            .Select(module => new LoraModule
            {
                Module = module,
                Scale = 1,
                A = TinyModel.RandomTensor("A", [Rank, width], random, 0.5),
                B = TinyModel.RandomTensor("B", [width, Rank], random, 0.5),
            });
        PeftAdapterWriter.Write(Path.Combine(directory, RunDirectory.AdapterFolder), new LoraAdapter([.. modules], []),
            new PeftAdapterSettings { Family = DistilBert.Family, Rank = Rank, Alpha = Rank, Targets = ["q_lin"] });
        RunDirectory.WriteRecord(directory, new RunRecord
        {
            ToolVersion = "0",
            Method = "lora",
            Model = model.Checkpoint,
            ModelDirectory = model.Checkpoint,
            ModelHash = LoraOnnx.Model.Checkpoints.Checkpoint.Open(model.Checkpoint).WeightsHash(),
            Rank = Rank,
            Alpha = Rank,
            MaxLength = 64,
            Precision = "fp32",
            Device = "cpu",
            TrainedParameters = 256,
            TrainingSeconds = 12.5,
            TrainedTokens = 4096,
            Finished = true,
        });
        return directory;
    }

    /// <summary>Compares as the program does, without its outputs.</summary>
    public static async Task<(Evaluation.Reports.ComparisonReport Report, TestScores Scores)> CompareAsync(CompareOptions options) =>
        await Comparison.RunAsync(options, new Silence(), TestContext.Current.CancellationToken);

    public static IReadOnlyList<ModelArgument> Arguments(params string[] models) => ModelArgument.ParseAll(models);

    private sealed class Silence : IProgress<ScoringStep>
    {
        public void Report(ScoringStep value)
        {
        }
    }
}
