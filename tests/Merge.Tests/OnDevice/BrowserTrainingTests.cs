using System.Text.Json;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>
/// The artifacts train in ONNX Runtime's own training runtime, which exists for browsers on npm: 24 steps of a golden model go where they go with the
/// artifacts that onnxruntime.training.artifacts made (tests/golden/ort-training).
/// </summary>
public sealed class BrowserTrainingTests : IDisposable
{
    private const double Tolerance = 1e-4; // of a loss

    private static readonly string _golden = Golden.Path("ort-training");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("head")]
    [InlineData("lora")]
    [InlineData("lora-and-head")]
    public async Task Losses_in_the_browser_are_those_of_the_python_generators_artifacts(string name)
    {
        var runtime = await TrainingSite.RuntimeAsync();
        Write(name);

        var losses = await TrainAsync(runtime);

        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_golden, name, "expected.json")));
        float[] golden =
            [.. expected.RootElement.GetProperty("losses_at_constant_rate_0.001").EnumerateArray().Select(loss => loss.GetSingle())];
        Assert.Equal(golden.Length, losses.Length);
        var difference = golden.Zip(losses, (a, b) => Math.Abs(a - b)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {difference:G3}");
        Assert.True(difference <= Tolerance, $"losses differ by {difference:G3}: {string.Join(", ", losses)}");
    }

    /// <summary>The artifacts for the tensors that the trajectory begins with.</summary>
    private void Write(string name)
    {
        var initial = FamilyGolden.PathOf("distilbert-3", "trajectories", name, "initial.safetensors");
        var isHead = name == "head";
        File.Copy(initial, Path.Combine(_folder.Path, isHead ? "model.safetensors" : "adapter_model.safetensors"));
        _folder.Write("adapter_config.json", JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["peft_type"] = "LORA",
            ["r"] = 4,
            ["lora_alpha"] = 8,
            ["target_modules"] = (string[])["q_lin", "k_lin", "v_lin"],
            ["task_type"] = "SEQ_CLS",
            ["modules_to_save"] = name == "lora-and-head" ? (string[])["classifier", "pre_classifier"] : [],
        }));
        if (name == "lora")
        {
            _folder.Write("adapter_config.json", """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_lin", "k_lin", "v_lin"]}""");
        }

        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", FamilyGolden.CheckpointOf("distilbert-3"), isHead ? "--head" : "--adapter", _folder.Path,
                "--training-artifacts", Path.Combine(_folder.Path, "artifacts"), "--hugging-face-adamw"]);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private async Task<float[]> TrainAsync(string runtime)
    {
        await using var site = await TrainingSite.OpenAsync(path => path switch
        {
            "" => Repository.Path("tests", "Merge.Tests", "OnDevice", "page.html"),
            "batches.json" => Path.Combine(_golden, path),
            _ when path.StartsWith("ort/", StringComparison.Ordinal) => Path.Combine(runtime, path["ort/".Length..]),
            _ => Path.Combine(_folder.Path, "artifacts", path),
        });
        var losses = await site.Page.EvaluateAsync<JsonElement>("train()");
        return [.. losses.EnumerateArray().Select(loss => loss.GetSingle())];
    }
}
