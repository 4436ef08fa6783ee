using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Layouts;

/// <summary>What transformers.js and optimum want beside the files of a merge.</summary>
internal static class HubLayout
{
    /// <summary>What transformers.js loads as <c>q8</c>: the int8 file again.</summary>
    private const string Quantized = "model_quantized.onnx";

    private const string TokenizerConfig = "tokenizer_config.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>Completes a folder that has config, tokenizer, the fp32 file, and the int8 file where it is wanted.</summary>
    public static void Complete(string folder, string model, MergeInput input, string card)
    {
        var rounded = ModelFiles.InPrecision(model, Precision.Int8);
        if (File.Exists(rounded))
        {
            File.Copy(rounded, Path.Combine(Path.GetDirectoryName(model)!, Quantized)); // a file has a folder
        }

        if (!File.Exists(Path.Combine(folder, TokenizerJson.FileName)))
        {
            TokenizerJson.Write(input.BaseDirectory, Path.Combine(folder, TokenizerJson.FileName));
        }

        WriteTokenizerConfig(Path.Combine(folder, TokenizerConfig), input);
        AtomicFile.WriteText(Path.Combine(folder, "README.md"), card);
    }

    /// <summary>Both libraries cut texts where <c>model_max_length</c> says, so it says where training cut.</summary>
    private static void WriteTokenizerConfig(string path, MergeInput input)
    {
        var fields = File.Exists(path) ? JsonFields.Load(path).ToNode() : new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast" };
        fields["model_max_length"] = Math.Min(input.MaxTokens, TextTokenizer.Load(input.BaseDirectory).MaxLength);
        AtomicFile.WriteText(path, fields.ToJsonString(_indented) + "\n");
    }
}
