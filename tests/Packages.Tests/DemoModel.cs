[assembly: AssemblyFixture(typeof(LoraOnnx.Packages.Tests.DemoModel))]

namespace LoraOnnx.Packages.Tests;

/// <summary>models/demo as lora-merge writes it, for all tests.</summary>
public sealed class DemoModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DemoModel()
    {
        var merged = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", "models/demo", "--out", $"{Path}/model.onnx"]);
        Assert.True(merged.ExitCode == 0, merged.ToString());
    }

    /// <summary>The ONNX directory.</summary>
    public string Path => System.IO.Path.Combine(_folder.Path, "demo");

    public void Dispose() => _folder.Dispose();
}
