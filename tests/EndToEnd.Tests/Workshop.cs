using System.Text.Json;

namespace LoraOnnx.EndToEnd.Tests;

/// <summary>What the four programs make of the demo model, once for all tests: a head, an adapter, three ONNX directories and the report that
/// compares them.</summary>
public sealed class Workshop : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("end-to-end-").FullName;

    public Workshop()
    {
        Train("head", "--epochs", "15");
        Train("lora", "--rank", "4", "--epochs", "1", "--train-limit", "120");
        Programs.Succeed("lora-merge", "--model", Programs.DemoModel, "--out", Onnx("raw"));
        Programs.Succeed("lora-merge", "--run", Run("head"), "--out", Onnx("head"));
        Programs.Succeed("lora-merge", "--run", Run("lora"), "--out", Onnx("lora"), "--save-checkpoint", Checkpoint);
        var report = Programs.Succeed(
            "lora-compare", $"raw={Onnx("raw")}", $"head={Onnx("head")}", $"lora={Onnx("lora")}", $"checkpoint={Checkpoint}", $"run={Run("lora")}",
            "--data", Data, "--predictions", Predictions, "--json");
        Report = JsonDocument.Parse(report.Output).RootElement;
    }

    /// <summary>Labelled texts that nothing here was trained on: 90 of them, so that scoring five models takes seconds.</summary>
    public static string Data => Repository.Path("samples", "reviews", "validation.jsonl");

    /// <summary>What <c>lora-compare --json</c> printed.</summary>
    public JsonElement Report { get; }

    /// <summary>What <c>lora-compare --predictions</c> wrote.</summary>
    public string Predictions => Path.Combine(_folder, "predictions.jsonl");

    /// <summary>The merged checkpoint in Hugging Face layout.</summary>
    public string Checkpoint => Path.Combine(_folder, "merged-checkpoint");

    /// <summary>The run directory of a method.</summary>
    public string Run(string name) => Path.Combine(_folder, "runs", name);

    /// <summary>The ONNX file of a model.</summary>
    public string Onnx(string name) => Path.Combine(_folder, "onnx", name, "model.onnx");

    /// <summary>A run's <c>run.json</c>.</summary>
    public JsonElement RunRecord(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Run(name), "run.json"))).RootElement;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Train(string method, params string[] more) => Programs.Succeed("lora-train",
        ["--model", Programs.DemoModel, "--train", Repository.Path("samples", "reviews", "train.jsonl"), "--test", Data, "--method", method, "--out",
            Run(method), .. more]);
}
