using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;
using LoraOnnx.Training.Torch;
using TorchSharp;

namespace LoraOnnx.Benchmarks.Kernels;

/// <summary>
/// Which share of the processor's peak do the products of src/Kernels reach, beside oneDNN's in bf16 and ONNX Runtime's in 8 bits? Ours start from
/// fp32 rows, round them, and
/// write fp32 with the bias added; oneDNN's start from bf16 and write bf16; ONNX Runtime's round fp32 rows too. Rows lie on 64-byte boundaries, as in
/// an encoder. All take turns; the median of each counts.
/// </summary>
internal static unsafe class ProductBenchmark
{
    public const string Question = "the products in bf16 and 8 bits: share of the processor's peak, beside oneDNN's and ONNX Runtime's: [ROUNDS]";

    private static readonly int _threads = Environment.ProcessorCount;

    private static readonly TimeSpan _settling = TimeSpan.FromMilliseconds(30);

    private static readonly (int Rows, int Inputs, int Outputs)[] _shapes =
        [(2224, 768, 768), (2224, 768, 3072), (2224, 3072, 768), (278, 768, 3072), (2224, 384, 1536)];

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        NativeTorch.Prepare(null);
        torch.set_num_threads(_threads);
        if (Bf16Avx512.Find() is not ({ } bf16, _) || Int8Avx512.Find() is not ({ } int8, _))
        {
            Console.Error.WriteLine($"{Bf16Avx512.Find().Refusal} {Int8Avx512.Find().Refusal}");
            return 1;
        }

        var peaks = (Bf16: PeakProbe.Rate(bf16, 2, _threads), Int8: PeakProbe.Rate(int8, 4, _threads));
        Console.WriteLine($"{_threads} threads; peak is the register tile in the first-level cache: "
            + $"{peaks.Bf16 / 1e9:F0} GFLOP/s in bf16, {peaks.Int8 / 1e9:F0} GOP/s in 8 bits");
        foreach (var shape in _shapes)
        {
            Compare(shape, bf16, int8, peaks, arguments.Length > 0 ? int.Parse(arguments[0]) : 31);
        }

        return 0;
    }

    private static void Compare(
        (int Rows, int Inputs, int Outputs) shape, IProductTile bf16, IProductTile int8, (double Bf16, double Int8) peaks, int rounds)
    {
        var (rows, inputs, outputs) = shape;
        var (x, result) = (new AlignedBuffer((long)rows * inputs * sizeof(float)), new AlignedBuffer((long)rows * outputs * sizeof(float)));
        Numbers(rows * inputs).CopyTo(new Span<float>(x.Address, rows * inputs));
        var (weights, bias) = (Numbers(inputs * outputs), Numbers(outputs));
        var ourBf16 = new PackedLinear(new FloatWeights<Bf16Steps>(bf16, new LinearTensors(weights, bias)), LinearActivation.None);
        var ourInt8 = new PackedLinear(Int8Weights.Of(int8, new LinearTensors(weights, bias)), LinearActivation.None);
        var workers = new PoolWorkers(_threads);
        using var oneDnn = new TorchBf16Product(rows, inputs, outputs);
        sbyte[] codes = [.. weights.Select(weight => (sbyte)(weight * 127))];
        var (from, to) = ((nint)x.Address, (nint)result.Address);
        using var runtime = new RuntimeInt8Product((float*)from, rows, codes, inputs, outputs, (float*)to, _threads);
        double[] times = Medians(rounds,
            () => ourBf16.Run((float*)from, rows, (float*)to, workers), oneDnn.Multiply,
            () => ourInt8.Run((float*)from, rows, (float*)to, workers), runtime.Multiply);
        GC.KeepAlive(x);
        GC.KeepAlive(result);
        double[] rates = [.. times.Select(seconds => 2.0 * rows * inputs * outputs / seconds)];
        Console.WriteLine($"{rows}x{inputs}x{outputs}");
        Report("bf16", "oneDNN", rates[0], rates[1], peaks.Bf16);
        Report("int8", "ONNX Runtime", rates[2], rates[3], peaks.Int8);
    }

    private static void Report(string precision, string other, double ours, double theirs, double peak) => Console.WriteLine(
        $"  {precision}: {ours / 1e9:F0} G/s, {ours / peak:P0} of peak; {other} {theirs / 1e9:F0}, {theirs / peak:P0}; ratio {ours / theirs:F2}");

    /// <summary>
    /// Seconds of each, all in turn. Before, each runs for a second, until the runtime has compiled it with all optimisations; and in its turn for a
    /// moment, for OpenMP's threads wait busily when oneDNN has ended, and would take a core from who comes next.
    /// </summary>
    private static double[] Medians(int rounds, params Action[] products)
    {
        var seconds = products.Select(_ => new List<double>()).ToArray();
        Array.ForEach(products, product => RunFor(TimeSpan.FromSeconds(1), product));
        for (var round = 0; round < rounds; round++)
        {
            for (var product = 0; product < products.Length; product++)
            {
                RunFor(_settling, products[product]);
                var started = Stopwatch.GetTimestamp();
                products[product]();
                seconds[product].Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
        }

        return [.. seconds.Select(list => list.Order().ElementAt(list.Count / 2))];
    }

    private static void RunFor(TimeSpan time, Action product)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time;)
        {
            product();
        }
    }

    private static float[] Numbers(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
