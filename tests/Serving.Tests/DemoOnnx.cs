using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Serving.Tests;

/// <summary>models/demo as an ONNX directory, made once for all tests.</summary>
public sealed class DemoOnnx : IDisposable
{
    public DemoOnnx()
    {
        Directory.CreateDirectory(Path);
        var checkpoint = Repository.Path("models", "demo");
        using (var file = File.Create(System.IO.Path.Combine(Path, ModelFiles.Model)))
        {
            OnnxModelFile.Write(file, Checkpoint.Open(checkpoint).LoadWeights(), OnnxModelFile.DefaultOpset, []);
        }

        foreach (var name in ModelFiles.Companions.Where(name => File.Exists(System.IO.Path.Combine(checkpoint, name))))
        {
            File.Copy(System.IO.Path.Combine(checkpoint, name), System.IO.Path.Combine(Path, name));
        }
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"lora-serve-tests-{Guid.NewGuid():n}");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
