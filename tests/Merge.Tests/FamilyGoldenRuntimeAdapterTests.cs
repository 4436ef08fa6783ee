using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Merge.Tests;

/// <summary>lora-merge --base-with-adapters on every family: one base, and each adapter that peft saved beside it.</summary>
public sealed class FamilyGoldenRuntimeAdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Models => [.. FamilyGolden.AdaptersBesideBases.Select(adapter => adapter.Model).Distinct()];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Each_adapter_is_proven_and_gives_pefts_logits_on_one_session(string model)
    {
        string[] names = [.. FamilyGolden.AdaptersBesideBases.Where(adapter => adapter.Model == model).Select(adapter => adapter.Name)];
        var path = Path.Combine(_folder.Path, "base.onnx");

        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", FamilyGolden.CheckpointOf(model), "--base-with-adapters",
            "--out", path, .. names.SelectMany(name => (string[])["--adapter", FamilyGolden.PathOf(model, "adapters", name)])]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(1 + names.Length, result.Error.Split('\n').Count(line => line.StartsWith("proven: ", StringComparison.Ordinal)));
        using var session = new InferenceSession(path);
        var tokenizer = TextTokenizer.Load(_folder.Path);
        foreach (var name in names)
        {
            using var options = new RunOptions();
            using var adapter = OrtLoraAdapter.Create(Path.Combine(_folder.Path, $"{name}.onnx_adapter"), null);
            options.AddActiveLoraAdapter(adapter);
            var expected = FamilyGolden.Json(model, "adapters", name, "expected.json");
            var texts = expected.GetProperty("texts").EnumerateArray().Select(text => tokenizer.Encode(text.GetString()!, 512, Truncation.Head).Ids);
            FamilyGolden.AssertClose([.. expected.GetProperty("logits").EnumerateArray().Select(FamilyGolden.Numbers)],
                [.. texts.Select(ids => RuntimeAdapterTests.Run(session, ids, options))], 2e-5);
        }
    }
}
