using LoraOnnx.Graph;

namespace LoraOnnx.Inference.Tests.Families;

/// <summary>The written file, padded, and the packed form that serves, against transformers, for every model that lies in golden/families.</summary>
public sealed class FamilyGoldenGraphTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> WithLogits => [.. FamilyGolden.ModelsWith("logits.json")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(WithLogits))]
    public void Both_graphs_give_the_logits_of_transformers_alone_and_in_batches(string model)
    {
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        float[][] expected = [.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))];
        var weights = FamilyGolden.Weights(model);
        var path = Path.Combine(_folder.Path, "model.onnx");
        using (var file = File.Create(path))
        {
            OnnxModelFile.Write(file, weights, OnnxModelFile.DefaultOpset, []);
        }

        using var portable = PortableModel.Open(path, ModelFolder.Cpu);
        using var packed = TextClassifier.FromWeights(weights, FamilyGolden.CheckpointOf(model), ModelFolder.Cpu);

        FamilyGolden.AssertClose(expected, [.. texts.Select(text => portable.Run([text.Ids], TestContext.Current.CancellationToken)[0])], 1e-5);
        FamilyGolden.AssertClose(expected, portable.Run([.. texts.Select(text => text.Ids)], TestContext.Current.CancellationToken), 1e-5);
        FamilyGolden.AssertClose(expected, [.. texts.Select(text => packed.Run([text], TestContext.Current.CancellationToken)[0])], 1e-5);
        FamilyGolden.AssertClose(expected, packed.Run(texts, TestContext.Current.CancellationToken), 1e-5);
    }
}
