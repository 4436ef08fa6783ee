using System.Diagnostics;
using System.Text.Json.Nodes;
using LoraOnnx.Benchmarks.Training;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Onnx;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Benchmarks.Gpu;

/// <summary>Speed of training on a device: film-review lengths, LoRA r16 on q, k and v.</summary>
internal static class TrainingParts
{
    private const int PublishedReviews = 10_000, PublishedEpochs = 15;
    private static readonly LearningRates _rates = new(4e-4, 1e-3);

    /// <summary>An engine by name on a device by name.</summary>
    public static ITrainingEngine Engine(string name, ComputeDevice device)
    {
        var wish = new MachineWish(device, null, null);
        return name == OnnxEngine.EngineName ? OnnxEngine.Start(wish) : TorchEngine.Start(wish, Console.Error.WriteLine);
    }

    /// <summary>Steps, and how long the published run would take at their speed.</summary>
    public static JsonObject Lora(GpuSetting setting, BasePrecision precision)
    {
        var weights = GpuParts.Weights(setting);
        var (lengths, texts) = Texts(setting, weights.Config.Shape.Vocabulary);
        var steps = new StepPlan(lengths, new BatchSize(GpuParts.BatchTexts(setting), null), accumulation: 1, seed: 1).Epoch(0);
        using var learner = Engine(TorchEngine.EngineName, setting.Device).Adapters(weights, new AdapterPlan
        {
            Modules = AdapterTargets.Modules(weights.Config.Layout, ["q_lin", "k_lin", "v_lin"], headIsTrained: false),
            Rank = 16,
            Alpha = 32,
        }, new LearnerOptions { Precision = precision });
        var (tokens, seconds) = GpuParts.Timed(setting, place =>
        {
            var result = learner.Step([.. steps[place % steps.Count].Select(part => Packed(texts, part))], _rates);
            return result.IsFinite ? result.Tokens : throw new UnreachableException("The loss is not finite. This is a bug.");
        });
        return new JsonObject
        {
            ["tokens_per_second"] = Math.Round(tokens / seconds),
            ["published_run_seconds"] = Math.Round(PublishedReviews * PublishedEpochs * lengths.Average() / (tokens / seconds), 1),
            ["resident_mib_at_most"] = ProcessMemory.Peak >> 20,
        };
    }

    /// <summary>Features once, then the published run's epochs of a head on them.</summary>
    public static JsonObject Head(GpuSetting setting)
    {
        var weights = GpuParts.Weights(setting);
        var (lengths, texts) = Texts(setting, weights.Config.Shape.Vocabulary);
        var engine = Engine(TorchEngine.EngineName, setting.Device);
        using var encoder = engine.Encoder(weights, null, engine.Machine.Precision);
        LengthSortedPass.Run(texts[..2], encoder.Features, CancellationToken.None);
        var clock = Stopwatch.StartNew();
        var features = LengthSortedPass.Run(texts, encoder.Features, CancellationToken.None);
        var encoding = clock.Elapsed.TotalSeconds;
        using var head = engine.Head(weights, new LearnerOptions());
        clock.Restart();
        for (var epoch = 0; epoch < PublishedEpochs; epoch++)
        {
            foreach (var batch in features.Chunk(32))
            {
                _ = head.Step([new FeatureBatch(batch, [.. batch.Select((_, text) => (IReadOnlyList<int>)[text % 2])])], _rates).Loss;
            }
        }

        var epochs = clock.Elapsed.TotalSeconds;
        return new JsonObject
        {
            ["precision"] = EnumNames.Of(engine.Machine.Precision),
            ["tokens_per_second"] = Math.Round(lengths.Sum() / encoding),
            ["head_epochs_seconds"] = Math.Round(epochs, 2),
            ["published_run_seconds"] = Math.Round((encoding + epochs) * PublishedReviews / texts.Length, 1),
            ["resident_mib_at_most"] = ProcessMemory.Peak >> 20,
        };
    }

    private static (int[] Lengths, EncodedText[] Texts) Texts(GpuSetting setting, int vocabulary)
    {
        var lengths = ReviewLengths.Draw(setting.IsShort ? 8 : 768, seed: 1);
        return (lengths, RandomTexts.Of(lengths, vocabulary));
    }

    private static PackedBatch Packed(EncodedText[] texts, int[] part) =>
        new([.. part.Select(text => texts[text])], [.. part.Select(text => (IReadOnlyList<int>)[text % 2])]);
}
