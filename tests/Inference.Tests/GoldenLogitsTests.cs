using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>The logits of transformers (golden/logits.json), through the exported file and through the form that serves.</summary>
public sealed class GoldenLogitsTests
{
    private const double Tolerance = 1e-5;

    private static readonly (EncodedText Text, float[] Logits)[] _cases = Read();

    [Theory]
    [InlineData(14)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(21)]
    public void The_exported_file_gives_them_alone_and_in_one_padded_batch(int opset)
    {
        using var folder = new ModelFolder();
        using var model = PortableModel.Open(folder.Write(opset), ModelFolder.Cpu);

        var alone = _cases.Select(entry => model.Run([entry.Text.Ids], TestContext.Current.CancellationToken)[0]).ToArray();
        var batched = model.Run([.. _cases.Select(entry => entry.Text.Ids)], TestContext.Current.CancellationToken);

        AssertGolden(alone, "alone");
        AssertGolden(batched, "in one padded batch");
    }

    [Fact]
    public void The_serving_form_gives_them_alone_and_in_one_batch()
    {
        using var folder = new ModelFolder();
        folder.Write();
        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu);

        var alone = _cases.Select(entry => classifier.Run([entry.Text], TestContext.Current.CancellationToken)[0]).ToArray();
        var batched = classifier.Run([.. _cases.Select(entry => entry.Text)], TestContext.Current.CancellationToken);

        AssertGolden(alone, "alone");
        AssertGolden(batched, "in one batch");
    }

    private static void AssertGolden(float[][] found, string how)
    {
        var largest = _cases.Zip(found, (entry, logits) => entry.Logits.Zip(logits, (a, b) => Math.Abs((double)a - b)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"{how}: largest difference {largest:G3}");
        Assert.True(largest <= Tolerance, $"{how}: largest difference {largest}");
    }

    private static (EncodedText, float[])[] Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("logits.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(entry => (
            ModelFolder.Tokenizer.Encode(entry.GetProperty("text").GetString()!, 512, Truncation.Head),
            entry.GetProperty("logits").EnumerateArray().Select(logit => logit.GetSingle()).ToArray()))];
    }
}
