using System.Text.Json;
using LoraOnnx.Inference.Explanations;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests.Explanations;

/// <summary>Every file in golden/explanations, whatever models lie there: captum's integrated gradients, at 8 and at 32 plain steps.</summary>
public sealed class ExplanationGoldenTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Golden.Path("explanations"), "*.json")
        .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Attributions_are_those_of_captum(string file)
    {
        var golden = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("explanations", file))).RootElement;
        var model = golden.GetProperty("model").GetString()!;
        var checkpoint = model == "models/demo" ? Golden.DemoModel : Golden.Path(model);
        var tokenizer = TextTokenizer.Load(checkpoint);
        using var explainer = TextExplainer.FromWeights(Checkpoint.Open(checkpoint).LoadWeights(), tokenizer, ModelFolder.Cpu);

        foreach (var entry in golden.GetProperty("cases").EnumerateArray())
        {
            var text = entry.GetProperty("text").GetString()!;
            foreach (var (steps, expected) in entry.GetProperty("attributions").EnumerateObject()
                .Select(property => (int.Parse(property.Name, System.Globalization.CultureInfo.InvariantCulture), property.Value)))
            {
                var found = explainer.Explain(text, entry.GetProperty("target").GetInt32(), golden.GetProperty("max_length").GetInt32(),
                    Truncation.Head, steps, TestContext.Current.CancellationToken);

                AssertSame(entry, expected, found, text);
            }
        }
    }

    private static void AssertSame(JsonElement entry, JsonElement expected, Explanation found, string text)
    {
        double[] values = [.. expected.GetProperty("tokens").EnumerateArray().Select(value => value.GetDouble())];
        var largest = values.Max(Math.Abs);
        var difference = values.Zip(found.Tokens, (a, b) => Math.Abs(a - b.Value)).Max();
        Assert.Equal(entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), found.Tokens.Select(token => token.Token.Id));
        Assert.Equal(entry.GetProperty("offsets").EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32())),
            TextOffsets.ToCodePoints(text, [.. found.Tokens.Select(token => token.Token)]).Select(token => (token.Start, token.End)));
        Assert.True(difference < 1e-3 * largest, $"{found.Steps} steps: attributions differ by {difference:G3}, the largest is {largest:G3}");
        FamilyGolden.AssertClose([FamilyGolden.Numbers(entry.GetProperty("logits")), FamilyGolden.Numbers(entry.GetProperty("baseline_logits"))],
            [[.. found.Logits], [.. found.BaselineLogits]], 1e-5);
        Assert.Equal(found.Tokens.Sum(token => token.Value), found.Words.Sum(word => word.Value), 1e-9 * (1 + largest) + Special(found));
    }

    /// <summary>What tokens without a place in the text have: special ones do not move, so it is 0 but for rounding.</summary>
    private static double Special(Explanation found) =>
        found.Tokens.Where(token => token.Token.End <= token.Token.Start).Sum(token => Math.Abs(token.Value));
}
