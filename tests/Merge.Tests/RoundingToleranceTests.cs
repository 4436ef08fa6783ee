using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests;

/// <summary>How much a proof allows follows what fp32 rounds at the weights, and weights at which that is everything are refused.</summary>
public sealed class RoundingToleranceTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    private string Out => Path.Combine(_model.Folder, "onnx", "model.onnx");

    [Fact]
    public void The_reference_in_double_gives_the_logits_of_fp32_within_its_rounding()
    {
        var (exact, plain) = (new ExactReference(_model.Weights, []), new ReferenceModel(_model.Weights, []));

        foreach (var length in (int[])[2, 9, 33])
        {
            var ids = TinyModel.Ids(length, length);
            var largest = exact.Logits(ids).Zip(plain.Logits(ids), (a, b) => Math.Abs(a - b)).Max();
            Assert.InRange(largest, 1e-12, 5e-6); // none at all would mean that it is fp32 too
        }
    }

    [Fact]
    public void Right_files_of_weights_that_round_much_are_proven()
    {
        Scale(name => name.EndsWith("q_lin.weight", StringComparison.Ordinal) || name.EndsWith("classifier.weight", StringComparison.Ordinal), 40);

        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", _model.Checkpoint, "--out", Out]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [InlineData(1e6)] // fp32 computes it as exactly as any other, and every score is 0 or 1
    [InlineData(1e12)]
    [InlineData(1e30)]
    public void An_exploded_model_is_not_proven(double factor)
    {
        Scale(name => name.EndsWith("classifier.weight", StringComparison.Ordinal), factor);

        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", _model.Checkpoint, "--out", Out]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("nothing can be proven for these weights", result.Error, StringComparison.Ordinal);
        Assert.Contains("exploded", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Out)));
    }

    private void Scale(Func<string, bool> chosen, double factor) => _model.Save(_model.Weights.Tensors.Select(tensor =>
        chosen(tensor.Name) ? new NamedTensor(tensor.Name, tensor.Shape, [.. tensor.Values.Select(value => (float)(value * factor))]) : tensor));
}
