using System.Text.Json.Nodes;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>Writes a classifier as a Hugging Face directory that <c>transformers</c> loads.</summary>
public static class CheckpointWriter
{
    /// <summary>Writes config.json, model.safetensors (fp32) and the tokenizer files of <paramref name="sourceDirectory"/>; the directory appears
    /// whole or not at all.</summary>
    /// <exception cref="InputException">The directory exists already or cannot be written.</exception>
    public static void Write(string directory, ModelWeights weights, string sourceDirectory)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            throw InputException.InFile(directory, "exists already and is not empty.", "name another directory, or remove this one.");
        }

        AtomicDirectory.Write(directory, temporary =>
        {
            File.WriteAllText(Path.Combine(temporary, ModelConfig.FileName), Config(sourceDirectory, weights.Config));
            SafetensorsWriter.Write(Path.Combine(temporary, Checkpoint.WeightsFileName), weights.Tensors);
            foreach (var name in TextTokenizer.FileNames.Where(name => File.Exists(Path.Combine(sourceDirectory, name))))
            {
                File.Copy(Path.Combine(sourceDirectory, name), Path.Combine(temporary, name));
            }
        });
    }

    /// <summary>The config.json of <paramref name="sourceDirectory"/> for the classes of <paramref name="model"/>.</summary>
    public static string Config(string sourceDirectory, ModelConfig model)
    {
        // The file was checked when the checkpoint was opened.
        var config = JsonFields.Load(Path.Combine(sourceDirectory, ModelConfig.FileName)).ToNode();
        config["architectures"] = new JsonArray(model.Family.ClassifierClass);
        TaskFields.Write(config, model.Task);
        config.Remove("dtype");
        config["torch_dtype"] = "float32";
        return config.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }) + "\n";
    }
}
