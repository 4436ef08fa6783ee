using LoraOnnx.Client;
using LoraOnnx.Inference;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Resident memory of lora-serve beside its weights, after texts of all lengths.</summary>
internal static class ResidentBenchmark
{
    public const string Question = "How much memory has lora-serve after 1,000 mixed texts, beside its weights?";

    private const int Texts = 1000;
    private const int Batch = 20;

    public static int Run(string[] arguments)
    {
        var folder = Path.Combine(CheckoutRoot.Path, "artifacts", "bench", "start");
        var baseSize = Path.Combine(folder, "base-size");
        BaseSizeDirectory.Write(baseSize);
        foreach (var model in (string[])[StartBenchmark.DemoModel(folder), baseSize])
        {
            MeasureAsync(model).GetAwaiter().GetResult();
        }

        return 0;
    }

    private static async Task MeasureAsync(string model)
    {
        using var server = ServerUnderTest.Start(model);
        using var client = new SentimentClient(server.Address, new SentimentClientOptions { Timeout = TimeSpan.FromMinutes(2) });
        var atStart = server.ResidentBytes;
        var texts = new SampleTexts(model, seed: 1);
        for (var done = 0; done < Texts; done += Batch)
        {
            string[] batch = [.. Enumerable.Range(0, Batch).Select(_ => texts.Mixed())];
            await client.PredictBatchAsync(batch, PredictOptions.Default, CancellationToken.None);
        }

        var (weights, resident) = (new FileInfo(Path.Combine(model, ModelFiles.Model)).Length, server.ResidentBytes);
        Console.WriteLine($"{Path.GetFileName(model)}: weights {weights >> 20} MiB; resident when it listens {atStart >> 20} MiB, "
            + $"after {Texts} texts {resident >> 20} MiB; 2.2 times the weights and 150 MiB: {(weights * 22 / 10 >> 20) + 150} MiB");
    }
}
