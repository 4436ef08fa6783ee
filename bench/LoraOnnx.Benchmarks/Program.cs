namespace LoraOnnx.Benchmarks;

/// <summary>Chooses a benchmark by its first argument; each has a file or folder of its own here and a section in docs/benchmarks.md.</summary>
internal static class Program
{
    private static readonly Dictionary<string, (string Question, Func<string[], int> Run)> _benchmarks = new()
    {
        ["tokenizer"] = ("Is our tokenizer at least as fast as Microsoft.ML.Tokenizers', and does it allocate by the word?",
            Tokenizer.TokenizerBenchmark.Run),
        ["tokenizer-sizes"] = (Tokenizer.RealSizeBenchmark.Question, Tokenizer.RealSizeBenchmark.Run),
        ["inference"] = (Inference.EngineBenchmark.Question, Inference.EngineBenchmark.Run),
        ["adapters"] = (Inference.AdapterBenchmark.Question, Inference.AdapterBenchmark.Run),
        ["allocation"] = (Inference.AllocationBenchmark.Question, Inference.AllocationBenchmark.Run),
        ["explanations"] = (Inference.ExplanationBenchmark.Question, Inference.ExplanationBenchmark.Run),
        ["kernels"] = (Kernels.ProductBenchmark.Question, Kernels.ProductBenchmark.Run),
        ["scoring"] = (Scoring.ScoringBenchmark.Question, Scoring.ScoringBenchmark.Run),
        ["serving"] = (Serving.ServingBenchmark.Question, Serving.ServingBenchmark.Run),
        ["start"] = (Serving.StartBenchmark.Question, Serving.StartBenchmark.Run),
        ["memory"] = (Serving.ResidentBenchmark.Question, Serving.ResidentBenchmark.Run),
        ["training"] = ("How much of the machine does training use, and how much more than a plain loop?", Training.TrainingBenchmark.Run),
        ["training-memory"] = (Training.MemoryBenchmark.Question, Training.MemoryBenchmark.Run),
        ["training-ablation"] = (Training.AblationBenchmark.Question, Training.AblationBenchmark.Run),
        ["training-engines"] = (Training.EnginesBenchmark.Question, Training.EnginesBenchmark.Run),
        ["short-texts"] = (ShortTexts.ShortTextBenchmark.Question, ShortTexts.ShortTextBenchmark.Run),
        ["gpu"] = (Gpu.GpuBenchmark.Question, Gpu.GpuBenchmark.Run),
        ["intervals"] = (BootstrapBenchmark.Question, BootstrapBenchmark.Run),
    };

    private static int Main(string[] arguments)
    {
        if (arguments.Length > 0 && _benchmarks.TryGetValue(arguments[0], out var benchmark))
        {
            return benchmark.Run(arguments[1..]);
        }

        Console.Error.WriteLine("usage: dotnet run -c Release --project bench/LoraOnnx.Benchmarks -- BENCHMARK [options]");
        foreach (var (name, (question, _)) in _benchmarks)
        {
            Console.Error.WriteLine($"  {name,-15} {question}");
        }

        return 1;
    }
}
