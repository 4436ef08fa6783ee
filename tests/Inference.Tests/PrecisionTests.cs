using LoraOnnx.Graph;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>Models in fewer bits: which one runs, behind which gate, and that a text's logits still do not depend on its batch.</summary>
public sealed class PrecisionTests
{
    private static readonly EncodedText[] _texts =
    [
        .. new[] { "", "Good.", "Not bad at all, though the second hour is a mess and nobody on screen seems to care.", "WHAT A FILM" }.Select(
            text => ModelFolder.Tokenizer.Encode(text, 512, Truncation.Head)),
        ModelFolder.Tokenizer.Encode(string.Join(' ', Enumerable.Repeat("Somebody should have told the composer that silence is also music.", 12)),
            512, Truncation.Head),
    ];

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void Logits_in_8_bits_are_bit_equal_in_every_batch_and_near_those_of_fp32(Precision precision)
    {
        using var exact = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, ModelFolder.Cpu);
        using var classifier = TextClassifier.FromWeights(ModelFolder.Weights, Golden.DemoModel, ModelFolder.Cpu, precision);
        var alone = _texts.Select(text => classifier.Run([text], TestContext.Current.CancellationToken)[0]).ToArray();
        var random = new Random(5);

        for (var batch = 0; batch < 50; batch++)
        {
            var chosen = Enumerable.Range(0, random.Next(2, 7)).Select(_ => random.Next(_texts.Length)).ToArray();
            Assert.Equal(chosen.Select(index => alone[index]),
                classifier.Run([.. chosen.Select(index => _texts[index])], TestContext.Current.CancellationToken));
        }

        var largest = LargestDifference(exact.Run(_texts, TestContext.Current.CancellationToken), alone);
        Assert.True(largest is > 1e-4 and < 0.5, $"largest difference to fp32 {largest}"); // none at all would mean that it is fp32
    }

    [Theory]
    [InlineData(Precision.Fp16, 18)]
    [InlineData(Precision.Int8, 14)]
    [InlineData(Precision.Int8, 18)]
    [InlineData(Precision.Int8Dynamic, 14)]
    [InlineData(Precision.Int8Dynamic, 18)]
    [InlineData(Precision.Int8Dynamic, 21)]
    public void A_written_file_gives_in_padded_batches_what_its_serving_form_gives(Precision precision, int opset)
    {
        using var folder = new ModelFolder();
        var file = folder.Write(precision, opset);
        using var portable = PortableModel.Open(file, ModelFolder.Cpu);
        using var packed = TextClassifier.Load(file, ModelFolder.Cpu with { UsesKernels = false });
        using var served = TextClassifier.Load(file, ModelFolder.Cpu);

        var padded = portable.Run([.. _texts.Select(text => text.Ids)], TestContext.Current.CancellationToken);
        var largest = LargestDifference(padded, packed.Run(_texts, TestContext.Current.CancellationToken));
        var ofServed = LargestDifference(padded, served.Run(_texts, TestContext.Current.CancellationToken));

        // The same codes; rounded activations may fall to the next code where the two attentions differ in the last bit. Without VNNI sums of
        // products saturate, which makes more of it.
        var tolerance = precision == Precision.Int8Dynamic && Int8Support.Instructions is null ? 0.3 : 0.05;
        Assert.True(largest <= tolerance, $"largest difference {largest}, allowed {tolerance}");
        Assert.True(ofServed <= tolerance + 0.15, $"largest difference {ofServed}"); // kernels' attention is in bf16, which moves more codes
        Assert.Equal(precision, packed.Model.Precision);
    }

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void Widths_that_no_block_divides_work(Precision precision)
    {
        using var tiny = new TinyModel(new TinyModelOptions { Width = 40, Inner = 100 });
        using var exact = TextClassifier.FromWeights(tiny.Weights, tiny.Checkpoint, ModelFolder.Cpu);
        using var classifier = TextClassifier.FromWeights(tiny.Weights, tiny.Checkpoint, ModelFolder.Cpu, precision);
        EncodedText[] texts = [.. Enumerable.Range(2, 20).Select(length => new EncodedText(TinyModel.Ids(length, length), length))];

        var largest = LargestDifference(
            exact.Run(texts, TestContext.Current.CancellationToken), classifier.Run(texts, TestContext.Current.CancellationToken));

        Assert.True(largest is > 0 and < 0.2, $"largest difference to fp32 {largest}");
    }

    [Fact]
    public void Int8_made_on_load_passes_a_gate_whose_report_is_kept_and_then_found()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var log = new List<string>();
        var options = ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Int8), Log = log.Add };

        using (var first = TextClassifier.Load(folder.Path, options))
        {
            Assert.Equal(Precision.Int8, first.Model.Precision);
        }

        Assert.Contains("accuracy gate of int8 passed", Assert.Single(log), StringComparison.Ordinal);
        Assert.True(GateReport.Find(folder.ModelFile, ContentHash.OfFile(folder.ModelFile), Precision.Int8)
            is { Passed: true, Texts: 256, LabelAgreement: >= 0.99 });
        log.Clear();
        TextClassifier.Load(folder.Path, options).Dispose();
        Assert.Empty(log); // not measured again
    }

    [Fact]
    public void A_gate_that_was_measured_with_other_instructions_is_measured_again()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var file = folder.Write(Precision.Int8, 18);
        (Report(folder, passed: false) with { Cpu = "some other", ModelSha256 = ContentHash.OfFile(file) }).Write(
            GateReport.PathFor(folder.ModelFile, Precision.Int8));

        using (var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Int8) }))
        {
            Assert.Equal(Precision.Int8, classifier.Model.Precision);
        }

        Assert.True(GateReport.Find(folder.ModelFile, ContentHash.OfFile(file), Precision.Int8) is { Passed: true, Texts: 256, IsOfThisCpu: true });

        // Without the fp32 weights there is nothing to measure against.
        (Report(folder, passed: true) with { Cpu = "some other", ModelSha256 = ContentHash.OfFile(file) }).Write(
            GateReport.PathFor(folder.ModelFile, Precision.Int8));
        File.Delete(folder.ModelFile);
        var error = Assert.Throws<InputException>(() =>
            TextClassifier.Load(file, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Int8) }));
        Assert.Contains("measured with some other", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8Dynamic)]
    public void A_file_alone_whose_gate_was_measured_without_kernels_runs_without_them(Precision precision)
    {
        Requirement.ProcessorHas(CpuPrecision.Of(precision).Kernels is not null, "it has no kernels");
        using var folder = new ModelFolder();
        var file = folder.Write(precision, 18);
        var options = ModelFolder.Cpu with { Precision = PrecisionRule.Of(precision) };
        folder.Write();
        (folder.Report(precision, passed: true) with { Cpu = Int8Support.Instructions!, ModelSha256 = ContentHash.OfFile(file) }).Write(
            GateReport.PathFor(file, precision)); // as from before there were kernels
        File.Delete(folder.ModelFile);
        using var asNodes = TextClassifier.Load(file, options with { Precision = null, UsesKernels = false });

        using var classifier = TextClassifier.Load(file, options);

        Assert.Equal(asNodes.Run(_texts, TestContext.Current.CancellationToken), classifier.Run(_texts, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_failed_gate_refuses_int8_that_was_asked_for()
    {
        using var folder = new ModelFolder();
        folder.Write();
        Report(folder, passed: false).Write(GateReport.PathFor(folder.ModelFile, Precision.Int8));

        var error = Assert.Throws<InputException>(() =>
            TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Int8) }));

        Assert.Contains("does not pass the accuracy gate: label agreement 50.0 % on 4 texts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_8_bit_file_without_its_gate_is_refused_and_fp32_cannot_be_made_of_it()
    {
        using var folder = new ModelFolder();
        var file = folder.Write(Precision.Int8, 18);

        var missing = Assert.Throws<InputException>(() =>
            TextClassifier.Load(file, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Int8) }));
        var impossible = Assert.Throws<InputException>(() =>
            TextClassifier.Load(file, ModelFolder.Cpu with { Precision = PrecisionRule.Of(Precision.Fp32) }));

        Assert.Contains("model.int8.gate.json is missing", missing.Message, StringComparison.Ordinal);
        Assert.Contains("holds int8 weights, fp32 cannot be made of them", impossible.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_gate_counts_answers_probabilities_and_F1()
    {
        var config = ModelConfig.Load(Golden.DemoModel);
        EncodedText[] texts = [.. Enumerable.Range(0, 4).Select(_ => new EncodedText([2, 3], 2))];
        float[][] exact = [[0, 2], [2, 0], [0, 1], [1, 0]];
        float[][] candidate = [[0, 2], [2, 0], [1, 0], [1, 0]]; // one answer turned round

        var report = AccuracyGate.Measure(
            Precision.Int8, (_, _) => exact, (_, _) => candidate, texts, [[1], [0], [1], [0]], config.Task, TestContext.Current.CancellationToken);

        Assert.False(report.Passed);
        Assert.Equal(0.75, report.LabelAgreement);
        var change = (1 / (1 + Math.Exp(-1))) - (1 / (1 + Math.E)); // sigmoid(1) to sigmoid(-1)
        Assert.Equal(change, report.LargestProbabilityChange, 1e-6);
        Assert.Equal(change / 4, report.MeanProbabilityChange, 1e-6);
        Assert.Equal((1.0, 2.0 / 3), (report.F1Exact, report.F1)); // one of two found, none wrong: 2/(2+1)
        Assert.Equal(-1.0 / 3, report.F1Change, 1e-12);
    }

    private static GateReport Report(ModelFolder folder, bool passed) => folder.Report(Precision.Int8, passed);

    private static double LargestDifference(float[][] expected, float[][] found) =>
        expected.Zip(found, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
}
