using System.Text.Json;
using LoraOnnx.Client;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>The real engine and the real model behind the real ports.</summary>
public sealed class DemoModelTests(DemoOnnx demo)
{
    /// <summary>fp32 sums in another order than torch's.</summary>
    private const double Tolerance = 1e-5;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Golden_logits_come_over_gRPC_one_by_one_in_a_batch_and_in_a_stream()
    {
        using var golden = JsonDocument.Parse(await File.ReadAllBytesAsync(Golden.Path("logits.json"), Cancel));
        var cases = golden.RootElement.GetProperty("cases").EnumerateArray().Select(item => (
            Text: item.GetProperty("text").GetString()!,
            Logits: item.GetProperty("logits").EnumerateArray().Select(value => value.GetDouble()).ToArray())).ToArray();
        await using var server = await TestServer.StartAsync((LoadEngine?)null, TestServer.Options with { Models = [demo.Path] });
        using var client = new SentimentClient(server.GrpcAddress);
        var options = PredictOptions.Default with { IncludeLogits = true };

        var alone = new List<float[]>();
        foreach (var (text, _) in cases)
        {
            alone.Add([.. (await client.PredictAsync(text, options, Cancel)).Logits]);
        }

        var batch = (await client.PredictBatchAsync(cases.Select(item => item.Text), options, Cancel))
            .Select(result => result.Prediction.Logits.ToArray()).ToArray();
        var stream = new List<float[]>();
        await foreach (var result in client.PredictAllAsync(cases.Select(item => item.Text).ToAsyncEnumerable(), options, Cancel))
        {
            stream.Add([.. result.Prediction.Logits]);
        }

        Assert.NotEmpty(cases);
        AssertClose(cases.Select(item => item.Logits), alone);
        AssertClose(cases.Select(item => item.Logits), batch);
        AssertClose(cases.Select(item => item.Logits), stream);
    }

    private static void AssertClose(IEnumerable<double[]> expected, IReadOnlyList<float[]> actual)
    {
        var largest = expected.Zip(actual, (left, right) => left.Zip(right, (a, b) => Math.Abs(a - b)).Max()).Max();
        Assert.True(largest <= Tolerance, $"the largest difference is {largest:g3}, allowed is {Tolerance:g3}");
    }
}
