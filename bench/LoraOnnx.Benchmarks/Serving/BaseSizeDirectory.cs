using System.Text.Json.Nodes;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>An ONNX directory of the <see cref="BaseSizeModel"/> with models/demo's tokenizer: the speed of a base model without its
/// download.</summary>
internal static class BaseSizeDirectory
{
    /// <summary>Writes the directory unless it is there; with models/demo's own weights where they are given.</summary>
    public static void Write(string directory, ModelWeights? demoWeights = null)
    {
        var model = Path.Combine(directory, ModelFiles.Model);
        if (File.Exists(model))
        {
            return;
        }

        Directory.CreateDirectory(directory);
        var demo = Path.Combine(CheckoutRoot.Path, "models", "demo");
        foreach (var name in TextTokenizer.FileNames.Where(name => File.Exists(Path.Combine(demo, name))))
        {
            File.Copy(Path.Combine(demo, name), Path.Combine(directory, name), overwrite: true);
        }

        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(demo, ModelConfig.FileName)))!; // a file of this repository, of as many layers
        if (demoWeights is null)
        {
            (json["dim"], json["hidden_dim"]) = (BaseSizeModel.Config.Shape.Width, BaseSizeModel.Config.Shape.UpWidth);
        }

        File.WriteAllText(Path.Combine(directory, ModelConfig.FileName), json.ToJsonString());
        using var file = File.Create(model);
        OnnxModelFile.Write(file, demoWeights ?? BaseSizeModel.Weights(ModelConfig.Load(directory)), OnnxModelFile.DefaultOpset, []);
    }
}
