using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Onnx;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>The same steps and features by both engines in fp32, in processes of their own, taken in turn.</summary>
internal static class EnginesBenchmark
{
    public const string Question = "How fast is --engine onnx beside --engine torch in fp32, and what memory does it take?";

    private const string Child = "child";
    private const int Texts = 256;
    private static readonly string[] _models = ["demo", "base"];
    private static readonly string[] _parts = ["lora", "features"];
    private static readonly string[] _engines = [TorchEngine.EngineName, OnnxEngine.EngineName];
    private static readonly LearningRates _rates = new(4e-4, 1e-3);

    /// <summary>Options: rounds, texts of a batch, seconds that a process measures, then models and parts.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments is [Child, var only, var what, var childModel, var childTexts, var childSeconds])
        {
            Console.WriteLine(Measure(only, what, childModel, Number(childTexts), Number(childSeconds)));
            return 0;
        }

        var rounds = arguments.Length > 0 ? Number(arguments[0]) : 3;
        var (texts, seconds) = (arguments.ElementAtOrDefault(1) ?? "32", arguments.ElementAtOrDefault(2) ?? "10");
        string[] Named(string[] all) => all.Intersect(arguments).Any() ? [.. all.Intersect(arguments)] : all;
        foreach (var model in Named(_models))
        {
            foreach (var part in Named(_parts))
            {
                Compare(model, part, rounds, texts, seconds);
            }
        }

        return 0;
    }

    private static void Compare(string model, string part, int rounds, string texts, string seconds)
    {
        var turns = ProcessesInTurn.Run(rounds, _engines, engine => $"{model} {part} {engine,-5}",
            engine => ["training-engines", Child, engine, part, model, texts, seconds]);
        string[] figures = ["tokens/s", "tokens per second of processor time", "MiB at most"];
        for (var place = 0; place < figures.Length; place++)
        {
            var (torch, onnx) = (turns.Median(_engines[0], place), turns.Median(_engines[1], place));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{model} {part}, {figures[place]}: torch {torch:0.#}, onnx {onnx:0.#}, onnx / torch {onnx / torch:0.00}"));
        }
    }

    private static string Measure(string name, string part, string model, int batchTexts, int seconds)
    {
        var wish = new MachineWish(ComputeDevice.Cpu, BasePrecision.Fp32, Environment.ProcessorCount);
        ITrainingEngine engine = name == OnnxEngine.EngineName ? OnnxEngine.Start(wish) : TorchEngine.Start(wish, null);
        var weights = model == "base" ? BaseSizeModel.Weights() : Checkpoint.Open(Path.Combine(CheckoutRoot.Path, "models", "demo")).LoadWeights();
        var lengths = ReviewLengths.Draw(Texts, seed: 1);
        var steps = new StepPlan(lengths, new BatchSize(batchTexts, null), accumulation: 1, seed: 1).Epoch(0);
        var texts = RandomTexts.Of(lengths, weights.Config.Shape.Vocabulary);
        PackedBatch Packed(IReadOnlyList<int> part) =>
            new([.. part.Select(text => texts[text])], [.. part.Select(text => (IReadOnlyList<int>)[text % 2])]);
        if (part == "features")
        {
            using var encoder = engine.Encoder(weights, null, BasePrecision.Fp32);
            return Timed(seconds, place =>
            {
                int[] some = [.. Enumerable.Range(0, 64).Select(text => ((place * 64) + text) % Texts)];
                LengthSortedPass.Run([.. some.Select(text => texts[text])], encoder.Features, CancellationToken.None);
                return some.Sum(text => lengths[text]);
            });
        }

        using var learner = engine.Adapters(weights, new AdapterPlan
        {
            Modules = AdapterTargets.Modules(weights.Config.Layout, ["q_lin", "k_lin", "v_lin"], headIsTrained: false),
            Rank = 16,
            Alpha = 32,
        }, new LearnerOptions { Precision = BasePrecision.Fp32 });
        return Timed(seconds, place =>
        {
            var result = learner.Step([.. steps[place % steps.Count].Select(Packed)], _rates);
            return result.IsFinite ? result.Tokens : throw new UnreachableException("The loss is not finite. This is a bug.");
        });
    }

    /// <summary>What is done again and again, after once that is not counted: for at least so many seconds and three times.</summary>
    private static string Timed(int seconds, Func<int, int> work)
    {
        work(0);
        var (clock, processor, tokens) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, 0L);
        for (var place = 1; place <= 3 || clock.Elapsed.TotalSeconds < seconds; place++)
        {
            tokens += work(place);
        }

        var (wall, busy) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{tokens / wall:0.0} tokens/s, {tokens / busy:0.0} tokens/processor-second, {ProcessMemory.Peak >> 20} MiB");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
