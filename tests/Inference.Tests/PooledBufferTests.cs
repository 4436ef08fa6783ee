using LoraOnnx.Graph;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Tests;

/// <summary>Runs rent their buffers: what a run allocates does not grow with its tokens.</summary>
public sealed class PooledBufferTests
{
    /// <summary>Arrays of a run's size would be 4 to 24 bytes a token; handles, options and logits of eight texts are about 5 kB.</summary>
    private const long LargestGrowth = 2048;

    [Fact]
    public void A_packed_run_allocates_no_more_for_more_tokens()
    {
        using var classifier = TextClassifier.FromWeights(ModelFolder.TwoLayers, Golden.DemoModel, ModelFolder.Cpu);

        AssertFlat(ids => classifier.Run(
            [.. ids.Select(text => new Model.Tokenization.EncodedText(text, text.Length))], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_padded_run_allocates_no_more_for_more_tokens()
    {
        using var folder = new ModelFolder();
        using var model = PortableModel.Open(folder.Write(), ModelFolder.Cpu);

        AssertFlat(ids => model.Run(ids, TestContext.Current.CancellationToken));
    }

    /// <summary>Beside it the same calls of ONNX Runtime's library with arrays that are there: it may not take a byte more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_into_space_that_is_used_again_allocates_only_the_handles_of_the_runtime(bool usesKernels)
    {
        Requirement.ProcessorHas(!usesKernels || CpuPrecision.Of(Precision.Fp32).Kernels is not null, "it has no kernels");
        using var classifier =
            TextClassifier.FromWeights(ModelFolder.TwoLayers, Golden.DemoModel, ModelFolder.Cpu with { UsesKernels = usesKernels });
        using var session = new InferenceSession(OnnxModelFile.ServingModel(ModelFolder.TwoLayers, Precision.Fp32));
        string[] names = [.. PackedInputs.All];
        string[] outputs = [PackedInputs.Logits];
        int[] numbers = [101, 1000, 102];
        int[] places = [0, 1, 2];
        var values = new OrtValue[6];
        var logits = new TextLogits();
        ReadOnlyMemory<int>[] batch = [numbers];

        var bare = Least(() =>
        {
            values[0] = OrtValue.CreateTensorValueFromMemory(numbers, _tokens);
            values[1] = OrtValue.CreateTensorValueFromMemory(places, _tokens);
            values[2] = OrtValue.CreateTensorValueFromMemory(places, _slots);
            values[3] = OrtValue.CreateTensorValueFromMemory(places, _tokens);
            values[4] = OrtValue.CreateTensorValueFromMemory(_lengths, _one);
            values[5] = OrtValue.CreateTensorValueFromMemory(_first, _one);
            using var options = new RunOptions();
            using var answers = session.Run(options, names, values, outputs);
            Assert.Equal(2, answers[0].GetTensorDataAsSpan<float>().Length);
            foreach (var value in values)
            {
                value.Dispose();
            }
        });
        var handle = Least(() => OrtValue.CreateTensorValueFromMemory(numbers, _tokens).Dispose());
        var ours = Least(() => classifier.Run(batch, logits, CancellationToken.None));

        var expected = bare - (usesKernels ? (PackedInputs.All.Count - KernelModel.Inputs.Count) * handle : 0); // kernels need fewer inputs
        Assert.True(ours <= expected, $"a run allocates {ours} bytes, ONNX Runtime's library alone {expected}");
    }

    private static readonly int[] _lengths = [3];
    private static readonly int[] _first = [0];
    private static readonly long[] _one = [1];
    private static readonly long[] _tokens = [3];
    private static readonly long[] _slots = [1, 3];

    /// <summary>Of the round that met buffers long enough: other tests use the same.</summary>
    private static long Least(Action run, int rounds = 50)
    {
        var least = long.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void AssertFlat(Action<int[][]> run)
    {
        var (small, large) = (Batch(4), Batch(400));

        var (before, after) = (Allocated(run, small), Allocated(run, large));

        Assert.True(after - before < LargestGrowth, $"8 texts of 4 tokens allocate {before} bytes, of 400 tokens {after}");
    }

    private static long Allocated(Action<int[][]> run, int[][] batch) => Least(() => run(batch), rounds: 10);

    private static int[][] Batch(int length) => [.. Enumerable.Range(0, 8).Select(text => Enumerable.Range(1000 + text, length).ToArray())];
}
