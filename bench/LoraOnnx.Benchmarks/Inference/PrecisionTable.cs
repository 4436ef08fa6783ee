using System.Diagnostics;
using LoraOnnx.Benchmarks.Kernels;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>
/// All precisions side by side, short texts and film reviews in batches of 1, 8 and 32: real tokens a second relative to the padded fp32 file in the
/// same batches, in turn, and which share of the processor's peak in the precision of its products an engine reaches.
/// </summary>
internal sealed class PrecisionTable : IDisposable
{
    private const int ShortText = 18;
    private const int Texts = 64;

    private static readonly InferenceOptions _options = new() { Device = ComputeDevice.Cpu };
    private static readonly int _threads = Environment.ProcessorCount;

    private readonly ModelWeights _weights;
    private readonly List<IDisposable> _models = [];
    private readonly List<(string Name, Action<int[][]> Run, double Peak)> _engines = [];

    public PrecisionTable(ModelWeights weights, string tokenizer)
    {
        _weights = weights;
        var path = Path.Combine(Path.GetTempPath(), $"table-{Environment.ProcessId}.onnx");
        using (var file = File.Create(path))
        {
            OnnxModelFile.Write(file, weights, OnnxModelFile.DefaultOpset, []);
        }

        var (fp32, bf16, int8) = (Peak(Fp32Avx512.Find().Tile, 1), Peak(Bf16Avx512.Find().Tile, 2), Peak(Int8Avx512.Find().Tile, 4));
        Console.WriteLine($"peaks, {_threads} threads: {fp32 / 1e9:F0} GFLOP/s in fp32, {bf16 / 1e9:F0} in bf16, {int8 / 1e9:F0} GOP/s in 8 bits");
        AddPadded("ONNX Runtime fp32, padded", PortableModel.Open(path, _options), fp32);
        AddPadded("ONNX Runtime's default int8, padded",
            PortableModel.Open(DefaultInt8Model.Of(path), OnnxModel.Read(path).Interface, path, _options), int8);
        AddPacked(Precision.Fp32, fp32);
        AddPacked(Precision.Bf16, bf16);
        AddPacked(Precision.Int8, bf16);
        AddPacked(Precision.Int8Dynamic, int8);
        var (plan, share) = SomeInBf16(weights.Config.Layout);
        AddPacked(Precision.Int8Dynamic, int8, $", {share:P0} in bf16", plan);
        File.Delete(path);

        void AddPadded(string name, PortableModel model, double peak)
        {
            _models.Add(model);
            _engines.Add((name, batch => model.Run(batch, CancellationToken.None), peak));
        }

        void AddPacked(Precision precision, double peak, string note = "", RoundingPlan? plan = null)
        {
            var model = TextClassifier.FromWeights(weights, tokenizer, _options, precision, plan);
            _models.Add(model);
            _engines.Add(($"packed {EnumNames.Of(precision)}{note}",
                batch => model.Run(Array.ConvertAll(batch, ids => new EncodedText(ids, ids.Length)), CancellationToken.None), peak));
        }
    }

    /// <summary>The second block's feed-forward in bf16, as some matrices stay where the gate lets not all pass, and which share of the products that
    /// is.</summary>
    public static (RoundingPlan Plan, double Share) SomeInBf16(EncoderLayout layout)
    {
        var (groups, block) = (MatrixGroup.Of(layout), layout.Blocks[1]);
        var some = groups.Where(group => group.Linears[0].Name is var name && (name == block.Up.Name || name == block.Down.Name)).ToList();
        return (some.Aggregate(RoundingPlan.Plain, (plan, group) => plan.Without(group)),
            (double)some.Sum(group => group.Products) / groups.Sum(group => group.Products));
    }

    /// <summary>Prints the table, as docs/benchmarks.md has it.</summary>
    public void Print()
    {
        Console.WriteLine($"width {_weights.Config.Shape.Width}; times as fast as padded fp32 in the same batches, share of peak");
        foreach (var isShort in (bool[])[true, false])
        {
            foreach (var batchSize in (int[])[1, 8, 32])
            {
                Compare(isShort, batchSize);
            }
        }
    }

    public void Dispose() => _models.ForEach(model => model.Dispose());

    private void Compare(bool isShort, int batchSize)
    {
        var seconds = new double[_engines.Count];
        long tokens = 0;
        var operations = 0.0;
        List<int[][]> batches = [.. Batches(isShort, batchSize)];
        _engines.ForEach(engine => engine.Run(batches[0]));
        foreach (var batch in batches)
        {
            tokens += batch.Sum(ids => ids.Length);
            operations += batch.Sum(ids => Operations(ids.Length));
            for (var engine = 0; engine < _engines.Count; engine++)
            {
                var started = Stopwatch.GetTimestamp();
                _engines[engine].Run(batch);
                seconds[engine] += Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        Console.WriteLine($"{(isShort ? $"{ShortText} tokens" : "film reviews")}, batches of {batchSize}");
        for (var engine = 0; engine < _engines.Count; engine++)
        {
            var (name, _, peak) = _engines[engine];
            Console.WriteLine($"  {name,-36} {tokens / seconds[engine],7:F0} tokens/s  {seconds[0] / seconds[engine],5:F2}x  "
                + $"{operations / seconds[engine] / peak,4:P0}");
        }
    }

    private IEnumerable<int[][]> Batches(bool isShort, int batchSize)
    {
        var vocabulary = Math.Min(8000, _weights.Config.Shape.Vocabulary);
        var random = new Random(batchSize);
        return isShort
            ? Enumerable.Range(0, 4 * Texts).Select(_ => Enumerable.Range(0, ShortText).Select(_ => random.Next(vocabulary)).ToArray())
                .Chunk(batchSize)
            : ReviewLengths.Batches(batchSize, vocabulary, batchSize);
    }

    /// <summary>What an exact engine has to compute for a text: the last block asks for its first token only.</summary>
    private double Operations(int tokens)
    {
        var shape = _weights.Config.Shape;
        double width = shape.Width, square = width * width, rest = square + (2 * width * shape.UpWidth);
        double whole = tokens * ((3 * square) + rest + (2 * tokens * width)), last = (tokens * 2 * square) + square + rest + (2 * tokens * width);
        return 2 * (((shape.Blocks - 1) * whole) + last);
    }

    private static double Peak(IProductTile? tile, int elementsOfStep) => tile is null ? double.NaN : PeakProbe.Rate(tile, elementsOfStep, _threads);
}
