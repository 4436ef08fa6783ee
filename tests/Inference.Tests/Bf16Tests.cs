using LoraOnnx.Graph;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

public sealed class Bf16Tests
{
    [Fact]
    public void A_file_in_fp32_is_served_in_bf16_and_answers_nearly_the_same()
    {
        SkipWithoutKernels();
        using var folder = new ModelFolder();
        folder.Write();
        using var exact = TextClassifier.Load(folder.Path, ModelFolder.Cpu);
        using var rounded = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Bf16) });
        EncodedText[] texts = [.. ReferenceTexts.ShortTexts.Select(exact.Encode)];

        var (expected, actual) = (exact.Run(texts, TestContext.Current.CancellationToken), rounded.Run(texts, TestContext.Current.CancellationToken));

        Assert.Equal(Precision.Bf16, rounded.Model.Precision);
        var largest = expected.Zip(actual, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.InRange(largest, 1e-6, 0.05); // not the fp32 graph under another name, and near it
    }

    [Fact]
    public void Where_bf16_cannot_be_had_the_file_runs_as_it_is_and_one_line_says_so()
    {
        Requirement.ProcessorHas(Bf16Support.Kernels is null, "it has bf16");
        using var folder = new ModelFolder();
        folder.Write();
        var lines = new List<string>();

        using var classifier = TextClassifier.Load(folder.Path,
            ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Bf16), Log = lines.Add });

        Assert.Equal(Precision.Fp32, classifier.Model.Precision);
        Assert.Contains(Bf16Support.Refusal!, Assert.Single(lines), StringComparison.Ordinal);
    }

    private static void SkipWithoutKernels() => Requirement.ProcessorHas(Bf16Support.Kernels is not null, Bf16Support.Refusal);
}
