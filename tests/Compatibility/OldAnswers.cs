using System.Net.Http.Json;
using System.Text.Json;

namespace LoraOnnx.Compatibility.Tests;

/// <summary>The texts that lora-serve of e149586 was asked, with its answers.</summary>
internal static class OldAnswers
{
    public static IReadOnlyList<OldAnswer> All { get; } = JsonSerializer.Deserialize<OldAnswer[]>(
        File.ReadAllText(Path.Combine(OldFiles.Tracked, "answers.json")), JsonSerializerOptions.Web)!;

    /// <summary>Asks for each text over REST, in the words of then, and compares label and probabilities (1e-5).</summary>
    public static async Task Check(ServerProcess server)
    {
        using var client = new HttpClient { BaseAddress = server.HttpAddress };
        foreach (var expected in All)
        {
            var response = await client.PostAsJsonAsync("/v1/predict", new { text = expected.Text }, TestContext.Current.CancellationToken);
            var answer = await response.EnsureSuccessStatusCode().Content
                .ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            Assert.Equal(expected.Label, answer.GetProperty("label").GetString());
            Assert.Equal(expected.Scores, answer.GetProperty("scores").EnumerateArray().Select(one => one.GetProperty("score").GetSingle()),
                (one, other) => MathF.Abs(one - other) <= 1e-5f);
        }
    }
}
