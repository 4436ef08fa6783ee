using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Tests.Families;

/// <summary>The reference forward pass against transformers and peft, for every model that lies in golden/families.</summary>
public sealed class FamilyGoldenReferenceTests
{
    public static TheoryData<string> WithLogits => [.. FamilyGolden.ModelsWith("logits.json")];

    public static TheoryData<string> WithFeatures => [.. FamilyGolden.ModelsWith("features.json")];

    public static TheoryData<string, string> Adapters => new(FamilyGolden.Folders("adapters"));

    [Theory]
    [MemberData(nameof(WithLogits))]
    public void Logits_are_those_of_transformers(string model)
    {
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        var reference = new ReferenceModel(FamilyGolden.Weights(model), []);

        Assert.Equal(cases.Select(entry => entry.GetProperty("tokens").GetInt32()), texts.Select(text => text.Ids.Length));
        FamilyGolden.AssertClose([.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))],
            [.. texts.Select(text => reference.Logits(text.Ids))], 1e-5);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(WithFeatures))]
    public void A_headless_model_has_the_features_of_transformers_and_no_head(string model)
    {
        var cases = FamilyGolden.Json(model, "features.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        var checkpoint = Checkpoint.Open(FamilyGolden.CheckpointOf(model));
        var reference = new ReferenceModel(checkpoint.LoadWeights(HeadSeeding.Create(checkpoint.Config, SeededRandom.Of(1, RandomUse.Head))), []);
        var expected =
            cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty(checkpoint.Config.Layout.Pooler is null ? "first_token" : "pooled")));

        Assert.False(checkpoint.HasHead);
        FamilyGolden.AssertClose([.. expected], [.. texts.Select(text => reference.Feature(text.Ids))], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void Adapters_give_the_logits_of_peft(string model, string adapter)
    {
        var expected = FamilyGolden.Json(model, "adapters", adapter, "expected.json");
        var texts = FamilyGolden.Encode(model, expected.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!));
        var weights = FamilyGolden.Weights(model);
        var loaded = LoraAdapter.Load(FamilyGolden.PathOf(model, "adapters", adapter), weights.Config);
        var reference = new ReferenceModel(weights, [(loaded, 1)]);

        Assert.Empty(loaded.Warnings);
        FamilyGolden.AssertClose([.. expected.GetProperty("logits").EnumerateArray().Select(FamilyGolden.Numbers)],
            [.. texts.Select(text => reference.Logits(text.Ids))], 2e-5);
    }
}
