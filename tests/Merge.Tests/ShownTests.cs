using System.Text;
using LoraOnnx.Graph;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Merge.Tests;

/// <summary>A file says what was shown for it, and nothing of the machine that wrote it but its instructions.</summary>
public sealed class ShownTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    private string Folder => Path.Combine(_model.Folder, "onnx");

    [Theory]
    [InlineData("fp16")]
    [InlineData("int8")]
    [InlineData("int8-dynamic")]
    public void The_exact_file_says_proof_and_the_one_in_fewer_bits_gate(string precision)
    {
        var data = Path.Combine(_model.Folder, "own.jsonl");
        File.WriteAllLines(data, ["""{"text": "the film was good", "label": 1}""", """{"text": "awful plot", "label": "NEGATIVE"}"""]);

        Merge("--precision", precision, "--verify-data", data);

        var (exact, reduced) =
            (OnnxModel.Read(Path.Combine(Folder, "model.onnx")).Metadata, OnnxModel.Read(Path.Combine(Folder, $"model.{precision}.onnx")).Metadata);
        Assert.Equal(("passed", "embedded, own.jsonl"), (exact[OnnxMetadata.Verification], exact[OnnxMetadata.VerificationSample]));
        Assert.Equal(("gate passed", "own.jsonl", "2"),
            (reduced[OnnxMetadata.Verification], reduced[OnnxMetadata.VerificationSample], reduced[OnnxMetadata.VerificationTexts]));
        Assert.Equal(Inference.CpuInstructions.Text, exact[OnnxMetadata.VerificationCpu]);
        Assert.Equal(Inference.CpuInstructions.Text, reduced[OnnxMetadata.VerificationCpu]);
        Assert.DoesNotContain(OnnxMetadata.VerificationDifference, reduced.Keys);
        Assert.Contains(OnnxMetadata.GateAgreement, reduced.Keys);
    }

    [Fact]
    public void Without_a_proof_the_file_says_so()
    {
        Merge("--no-verify");

        Assert.Equal("skipped", OnnxModel.Read(Path.Combine(Folder, "model.onnx")).Metadata[OnnxMetadata.Verification]);
    }

    [Fact]
    public void No_path_of_this_machine_is_in_any_file()
    {
        _model.EditConfig("\"dim\": 32", $"\"_name_or_path\": \"{_model.Folder}/somebody/base\", \"dim\": 32");

        Merge("--precision", "int8", "--adapter", TinyAdapter.Write(_model, "adapter", 1));

        foreach (var file in Directory.GetFiles(Folder))
        {
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(_model.Folder)) < 0, file);
        }

        Assert.Contains("\"base\"", File.ReadAllText(Path.Combine(Folder, "config.json")), StringComparison.Ordinal);
        Assert.Equal(Path.GetFileName(_model.Checkpoint), OnnxModel.Read(Path.Combine(Folder, "model.onnx")).Metadata[OnnxMetadata.BaseModel]);
    }

    [Theory]
    [InlineData("distilbert/distilbert-base-uncased", "distilbert/distilbert-base-uncased")]
    [InlineData("/home/somebody/models/base/", "base")]
    [InlineData("../models/base", "base")]
    [InlineData("runs/lora/base", "base")]
    public void A_base_is_named_by_its_hub_id_or_by_the_last_part_of_its_path(string model, string name) =>
        Assert.Equal(name, ModelName.Of(model));

    private void Merge(params string[] more)
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", _model.Checkpoint, "--out", Path.Combine(Folder, "model.onnx"), .. more]);
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
