using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Steps;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>What lora-train does, on a model of base size: the engine's own steps on the batches that a run would make.</summary>
internal static class EngineWork
{
    /// <summary>Tokens of a step whose memory is measured.</summary>
    public const int LongStepTokens = 8192;

    private const int Texts = 768;
    private const int BatchTexts = 32;
    private const int HeadEpochs = 15;
    private const int EncodedTexts = 192;

    private const double LeastSeconds = 15;
    private const int LeastSteps = 4;
    private static readonly LearningRates _rates = new(4e-4, 1e-3);
    private static readonly int[] _lengths = ReviewLengths.Draw(Texts, seed: 1);

    public static string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"LoRA r16 on q, k, v; lengths of film reviews, mean {_lengths.Average():0} tokens, "
            + $"{_lengths.Count(length => length == 512) / (double)Texts:p0} of the texts cut at 512; batches of {BatchTexts} texts");

    /// <summary>LoRA steps, after one that is not counted.</summary>
    public static Work LoraSteps(BasePrecision precision)
    {
        var texts = RandomTexts.Of(_lengths);
        using var engine = Lora(precision);
        var steps = new StepPlan(_lengths, new BatchSize(BatchTexts, null), accumulation: 1, seed: 1).Epoch(0);
        Step(engine, texts, steps[0]);
        var (clock, tokens, count) = (new BusyClock(), 0L, 0);
        while (clock.Seconds < LeastSeconds || count < LeastSteps)
        {
            tokens += Step(engine, texts, steps[++count % steps.Count]).Tokens;
        }

        return new Work(tokens / clock.Seconds, $"{count} steps, no padding");
    }

    /// <summary>So many LoRA steps of so many texts after the first; what they did and took.</summary>
    public static (long Tokens, double WallSeconds, double ProcessorSeconds) LoraSteps(BasePrecision precision, int count, int batchTexts,
        Action afterFirst)
    {
        using var engine = Lora(precision);
        return Steps(count, batchTexts, (texts, step) => Step(engine, texts, step).Tokens, afterFirst);
    }

    /// <summary>The same steps by libtorch's autograd.</summary>
    public static (long Tokens, double WallSeconds, double ProcessorSeconds) AutogradSteps(BasePrecision precision, int count, int batchTexts)
    {
        using var loop = new AutogradLoop(BaseSizeModel.Weights(), rank: 16, alpha: 32, precision);
        return Steps(count, batchTexts, (texts, step) => step.Sum(part =>
        {
            var batch = Packed(texts, part);
            loop.Step(batch);
            return batch.TokenCount;
        }), afterFirst: () => { });
    }

    private static (long Tokens, double WallSeconds, double ProcessorSeconds) Steps(int count, int batchTexts,
        Func<EncodedText[], IReadOnlyList<int[]>, int> take, Action afterFirst)
    {
        var texts = RandomTexts.Of(_lengths);
        var steps = new StepPlan(_lengths, new BatchSize(batchTexts, null), accumulation: 1, seed: 1).Epoch(0);
        take(texts, steps[0]);
        afterFirst();
        var (clock, processor, tokens) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, 0L);
        for (var step = 1; step <= count; step++)
        {
            tokens += take(texts, steps[step % steps.Count]);
        }

        return (tokens, clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    /// <summary>[CLS] features of texts that a head would be trained on.</summary>
    public static Work Encode(BasePrecision precision)
    {
        using var encoder = new FrozenNetwork(BaseSizeModel.Weights(), null, precision, TorchDevice.Cpu);
        return Encode(encoder).Work;
    }

    /// <summary>Features once, then epochs of the head on them.</summary>
    public static Work Head()
    {
        var weights = BaseSizeModel.Weights();
        using var encoder = new FrozenNetwork(weights, null, TorchDevice.FastPrecision(ComputeDevice.Cpu), TorchDevice.Cpu);
        var (work, features, seconds) = Encode(encoder);
        using var head = new HeadLearner(weights, new LearnerOptions(), TorchDevice.Cpu);
        head.Step([Batch(features[..BatchTexts])], _rates);
        var clock = new BusyClock();
        for (var epoch = 0; epoch < HeadEpochs; epoch++)
        {
            foreach (var batch in features.Chunk(BatchTexts))
            {
                _ = head.Step([Batch(batch)], _rates).Loss;
            }
        }

        var headSeconds = clock.Seconds;
        return work with
        {
            Remark = string.Create(CultureInfo.InvariantCulture, $"{HeadEpochs} epochs of the head on {features.Length} texts took "
                + $"{headSeconds:0.00} s, {headSeconds / seconds:p1} of the {seconds:0.0} s for their features"),
        };

        static FeatureBatch Batch(float[][] rows) => new(rows, [.. rows.Select((_, text) => (IReadOnlyList<int>)[text % 2])]);
    }

    /// <summary>Three LoRA steps of the longest texts: what memory has to hold.</summary>
    public static void TakeLongSteps(BasePrecision precision)
    {
        using var engine = Lora(precision);
        int[] lengths = [.. Enumerable.Repeat(512, 3 * LongStepTokens / 512)];
        var texts = RandomTexts.Of(lengths);
        foreach (var step in new StepPlan(lengths, new BatchSize(null, LongStepTokens), accumulation: 1, seed: 1).Epoch(0))
        {
            Step(engine, texts, step);
        }
    }

    private static StepResult Step(AdapterLearner engine, EncodedText[] texts, IReadOnlyList<int[]> parts)
    {
        var result = engine.Step([.. parts.Select(part => Packed(texts, part))], _rates);
        return result.IsFinite ? result : throw new UnreachableException("The loss is not finite. This is a bug.");
    }

    private static PackedBatch Packed(EncodedText[] texts, int[] part) =>
        new([.. part.Select(text => texts[text])], [.. part.Select(text => (IReadOnlyList<int>)[text % 2])]);

    private static (Work Work, float[][] Features, double Seconds) Encode(FrozenNetwork encoder)
    {
        var texts = RandomTexts.Of(ReviewLengths.Draw(EncodedTexts, seed: 3));
        LengthSortedPass.Run(texts[..BatchTexts], encoder.Features, CancellationToken.None);
        var clock = new BusyClock();
        var features = LengthSortedPass.Run(texts, encoder.Features, CancellationToken.None);
        var seconds = clock.Seconds;
        return (new Work(texts.Sum(text => text.Ids.Length) / seconds, $"{texts.Length} texts, no padding"), features, seconds);
    }

    private static AdapterLearner Lora(BasePrecision precision) => new(BaseSizeModel.Weights(),
        new AdapterPlan
        {
            Modules = AdapterTargets.Modules(BaseSizeModel.Config.Layout, ["q_lin", "k_lin", "v_lin"], headIsTrained: false),
            Rank = 16,
            Alpha = 32,
        },
        new LearnerOptions { Precision = precision }, TorchDevice.Cpu);
}
