using System.Globalization;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>Steps of the <see cref="PlainLoop"/>.</summary>
internal static class PlainWork
{
    private const int BatchTexts = 32;
    private const double LeastSeconds = 15;

    /// <summary>Batches of 32 in random order, after a small step that is not counted.</summary>
    public static Work Steps()
    {
        using var loop = new PlainLoop(BaseSizeModel.Weights(), rank: 16, alpha: 32);
        var texts = RandomTexts.Of(ReviewLengths.Draw(1024, seed: 1));
        loop.Step(texts[..2], [0, 1]);
        var (clock, tokens, places, count) = (new BusyClock(), 0L, 0L, 0);
        while (clock.Seconds < LeastSeconds)
        {
            var batch = texts.AsSpan(count++ * BatchTexts % texts.Length, BatchTexts).ToArray();
            loop.Step(batch, [.. Enumerable.Range(0, BatchTexts).Select(text => (long)text % 2)]);
            tokens += batch.Sum(text => text.Ids.Length);
            places += (long)BatchTexts * PlainLoop.PaddedLength(batch);
        }

        return new Work(tokens / clock.Seconds,
            string.Create(CultureInfo.InvariantCulture, $"{count} steps, {1 - (tokens / (double)places):p0} padding"));
    }
}
