using System.Globalization;
using LoraOnnx.Model;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>The same LoRA steps by the written-out backward pass and by autograd, in processes of their own, taken in turn.</summary>
internal static class AblationBenchmark
{
    public const string Question = "What does the written-out backward pass give over libtorch's autograd on the same packed batches?";

    private const string Child = "child";
    private static readonly string[] _ways = ["written", "autograd"];

    /// <summary>Options: rounds, steps of each process, texts of a batch, precision.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments is [Child, var only, var childSteps, var childTexts, var childPrecision])
        {
            Console.WriteLine(Measure(only, Number(childSteps), Number(childTexts), Enum.Parse<BasePrecision>(childPrecision, ignoreCase: true)));
            return 0;
        }

        var rounds = arguments.Length > 0 ? Number(arguments[0]) : 3;
        var (steps, texts) = (arguments.ElementAtOrDefault(1) ?? "8", arguments.ElementAtOrDefault(2) ?? "16");
        var precision = arguments.ElementAtOrDefault(3) ?? "fp32";
        var turns = ProcessesInTurn.Run(rounds, _ways, way => $"{way,-8}", way => ["training-ablation", Child, way, steps, texts, precision]);
        string[] figures = ["tokens/s", "tokens per second of processor time", "MiB at most"];
        for (var place = 0; place < figures.Length; place++)
        {
            var (written, autograd) = (turns.Median("written", place), turns.Median("autograd", place));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{figures[place]}: written {written:0.#}, autograd {autograd:0.#} ({autograd / written:p1})"));
        }

        return 0;
    }

    private static string Measure(string way, int steps, int batchTexts, BasePrecision precision)
    {
        TorchEngine.Start(new MachineWish(ComputeDevice.Cpu, null, Environment.ProcessorCount), null);
        var (tokens, wall, processor) = way == "written"
            ? EngineWork.LoraSteps(precision, steps, batchTexts, afterFirst: () => { })
            : EngineWork.AutogradSteps(precision, steps, batchTexts);
        return string.Create(CultureInfo.InvariantCulture,
            $"{tokens / wall:0.0} tokens/s, {tokens / processor:0.0} tokens/processor-second, {ProcessMemory.Peak >> 20} MiB");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
