using System.Text.Json.Nodes;
using LoraOnnx.Graph;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>An ONNX directory of distilbert-base's size (6 layers, width 768) with random weights, and models/demo's tokenizer: the speed of a base model without its download.</summary>
internal static class BaseSizeModel
{
    private const int Width = 768;

    /// <summary>Writes the directory unless it is there.</summary>
    public static void Write(string directory)
    {
        if (File.Exists(Path.Combine(directory, "model.onnx")))
        {
            return;
        }

        Directory.CreateDirectory(directory);
        var demo = Path.Combine(CheckoutRoot.Path, "models", "demo");
        foreach (var name in WordPieceTokenizer.FileNames.Where(name => File.Exists(Path.Combine(demo, name))))
        {
            File.Copy(Path.Combine(demo, name), Path.Combine(directory, name), overwrite: true);
        }

        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(demo, DistilBertConfig.FileName)))!; // a file of this repository
        (json["dim"], json["hidden_dim"]) = (Width, 4 * Width);
        File.WriteAllText(Path.Combine(directory, DistilBertConfig.FileName), json.ToJsonString());
        var random = new Random(42);
        var config = DistilBertConfig.Load(directory);
        var weights = new ModelWeights(config, DistilBertTensors.All(config).Select(spec => new NamedTensor(spec.Key, spec.Shape, Values(spec, random))));
        using var file = File.Create(Path.Combine(directory, "model.onnx"));
        OnnxModelFile.Write(file, weights, OnnxModelFile.DefaultOpset, []);
    }

    private static float[] Values(TensorSpec spec, Random random)
    {
        var values = new float[spec.Shape.Aggregate(1, (product, extent) => product * extent)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextSingle() - 0.5f) * 0.07f; // a standard deviation of 0.02, as trained models have
        }

        if (spec.Key.Contains("orm.weight", StringComparison.Ordinal))
        {
            Array.Fill(values, 1f);
        }

        return values;
    }
}
