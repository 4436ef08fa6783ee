using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Tests.Support;

namespace LoraOnnx.Evaluation.Tests;

public sealed class ScaleTests
{
    /// <summary>What may be kept of a text and model: a few numbers. The texts of the test are eight times as large.</summary>
    private const int BytesPerText = 150;

    [Fact]
    public async Task Texts_stream_through_in_constant_memory_with_the_time_left()
    {
        using var model = new TinyModel(new TinyModelOptions { Layers = 1, Positions = 8 });
        const int Count = 25_000;
        var texts = TestTexts.Scan(TinyTexts.Write(model.Folder, Count, mostWords: 250), model.Config, TestContext.Current.CancellationToken);
        var loader = new ModelLoader(new CompareOptions { Models = [], Data = texts.Path });
        using var scored = await loader.LoadAsync(new ModelArgument("tiny", model.Checkpoint), TestContext.Current.CancellationToken);
        var progress = new MemoryReadings();

        var scores = await new ScoringPass([scored], [], Environment.ProcessorCount).RunAsync(texts, progress, TestContext.Current.CancellationToken);

        var grown = progress.Bytes[^1] - progress.Bytes[0];
        Assert.Equal(Count, scores.Count);
        Assert.True(texts.Characters * sizeof(char) > 8L * Count * BytesPerText, $"the texts have {texts.Characters} characters, too few to show anything");
        Assert.True(grown < (long)Count * BytesPerText, $"memory grew by {grown >> 10} KiB over {Count} texts, expected less than {Count * BytesPerText >> 10} KiB");
        Assert.Equal(1, progress.Shares[^1], 1e-9);
        Assert.Equal(progress.Shares.Order(), progress.Shares);
    }

    /// <summary>Live managed memory at a few points of the pass.</summary>
    private sealed class MemoryReadings : IProgress<ScoringStep>
    {
        private const int Between = 5_000;

        private int _next = 1;

        public List<long> Bytes { get; } = [];

        public List<double> Shares { get; } = [];

        public void Report(ScoringStep value)
        {
            Shares.Add(value.Share);
            if (value.Texts >= _next || value.Texts == value.AllTexts)
            {
                Bytes.Add(GC.GetTotalMemory(forceFullCollection: true));
                _next += Between;
            }
        }
    }
}
