using LoraOnnx.Graph;
using LoraOnnx.Model.Adapters;

namespace LoraOnnx.Merge.Tests;

/// <summary>Adapters of every family that peft saved and merged: our folded weights have the sums of its merged ones.</summary>
public sealed class FamilyGoldenFoldTests
{
    public static TheoryData<string, string> Adapters => new(FamilyGolden.Folders("adapters"));

    [Theory]
    [MemberData(nameof(Adapters))]
    public void Folded_weights_are_those_that_peft_merged(string model, string adapter)
    {
        var weights = FamilyGolden.Weights(model);
        var loaded = LoraAdapter.Load(FamilyGolden.PathOf(model, "adapters", adapter), weights.Config);

        var (merged, report) = AdapterFold.Fold(weights, [(loaded, 1)], 1);

        var expected = FamilyGolden.Json(model, "adapters", adapter, "expected.json").GetProperty("merged_tensors");
        MergedSums.AssertEqual(expected, merged);
        Assert.Equal(report.Select(module => $"{module.Module}.weight").Order(StringComparer.Ordinal),
            expected.EnumerateObject().Select(tensor => tensor.Name).Where(name => !loaded.Replacements.Any(tensor => tensor.Name == name))
                .Order(StringComparer.Ordinal));
    }
}
