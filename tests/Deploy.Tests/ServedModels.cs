using LoraOnnx.Graph;

namespace LoraOnnx.Deploy.Tests;

/// <summary>A folder with one tiny model in it, <c>tiny</c>, as it lies on a volume; made once for all tests and readable for every user.</summary>
public sealed class ServedModels : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ServedModels()
    {
        using var model = new TinyModel(new TinyModelOptions { Layers = 1, Width = 8, Inner = 8, Heads = 2 });
        Directory.CreateDirectory(Tiny);
        foreach (var file in Directory.GetFiles(model.Checkpoint).Where(file => file != model.WeightsFile))
        {
            File.Copy(file, System.IO.Path.Combine(Tiny, System.IO.Path.GetFileName(file)));
        }

        using (var onnx = File.Create(System.IO.Path.Combine(Tiny, "model.onnx")))
        {
            OnnxModelFile.Write(onnx, model.Weights, OnnxModelFile.DefaultOpset, []);
        }

        var result = Command.Run("chmod", ["-R", "a+rX", Path]);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>What --models gets.</summary>
    public string Path => _folder.Path;

    /// <summary>What --model gets.</summary>
    public string Tiny => System.IO.Path.Combine(Path, "tiny");

    public void Dispose() => _folder.Dispose();
}
