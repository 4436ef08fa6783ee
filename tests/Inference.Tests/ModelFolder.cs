using LoraOnnx.Graph;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>A temporary ONNX directory of the demo model.</summary>
internal sealed class ModelFolder : IDisposable
{
    public static readonly InferenceOptions Cpu = new() { Device = ComputeDevice.Cpu };

    public static ModelWeights Weights { get; } = Checkpoint.Open(Golden.DemoModel).LoadWeights();

    /// <summary>The first layer, which computes every token, and one more as the last, which computes [CLS] only: every kind of operation at its real
    /// size, in a third of the time.</summary>
    public static ModelWeights TwoLayers { get; } = Shorten(Weights, 2);

    public static TextTokenizer Tokenizer { get; } = TextTokenizer.Load(Golden.DemoModel);

    public ModelFolder()
    {
        Directory.CreateDirectory(Path);
        foreach (var name in ModelFiles.Companions.Where(name => File.Exists(System.IO.Path.Combine(Golden.DemoModel, name))))
        {
            File.Copy(System.IO.Path.Combine(Golden.DemoModel, name), System.IO.Path.Combine(Path, name));
        }
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"lora-onnx-{Guid.NewGuid():N}");

    public string ModelFile => System.IO.Path.Combine(Path, ModelFiles.Model);

    public string Write(int opset = OnnxModelFile.DefaultOpset, params KeyValuePair<string, string>[] metadata)
    {
        using var stream = File.Create(ModelFile);
        OnnxModelFile.Write(stream, Weights, opset, metadata);
        return ModelFile;
    }

    /// <summary>Writes a file of another precision beside where model.onnx would stand.</summary>
    public string Write(Precision precision, int opset)
    {
        var file = ModelFiles.InPrecision(ModelFile, precision);
        using var stream = File.Create(file);
        OnnxModelFile.Write(stream, Weights, opset, [], precision);
        return file;
    }

    /// <summary>A gate's report about model.onnx, whose figures nobody measured.</summary>
    public GateReport Report(Precision precision, bool passed)
    {
        var hash = ContentHash.OfFile(ModelFile);
        return new GateReport
        {
            Precision = EnumNames.Of(precision),
            Passed = passed,
            Sample = AccuracyGate.Embedded,
            Texts = 4,
            LabelAgreement = 0.5,
            LargestProbabilityChange = 0.5,
            MeanProbabilityChange = 0.25,
            F1Exact = 1,
            F1 = 0.5,
            F1Change = -0.5,
            LabelAgreementLimit = 0.99,
            MeanProbabilityChangeLimit = 0.01,
            F1LossLimit = 0.01,
            Cpu = CpuInstructions.Of(precision) ?? "none",
            ModelSha256 = hash,
            ExactSha256 = hash,
        };
    }

    private static ModelWeights Shorten(ModelWeights weights, int layers)
    {
        var config = weights.Config with
        {
            Layout = DistilBert.Layout(weights.Config.Shape with { Blocks = layers }, weights.Config.Task.Labels.Count),
        };
        return new ModelWeights(config, config.Layout.Tensors.Select(spec => weights[spec.Key]));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
