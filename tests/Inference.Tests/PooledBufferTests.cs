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

    private static void AssertFlat(Action<int[][]> run)
    {
        var (small, large) = (Batch(4), Batch(400));

        var (before, after) = (Allocated(run, small), Allocated(run, large));

        Assert.True(after - before < LargestGrowth, $"8 texts of 4 tokens allocate {before} bytes, of 400 tokens {after}");
    }

    private static long Allocated(Action<int[][]> run, int[][] batch)
    {
        run(batch); // rents for the first time
        var start = GC.GetAllocatedBytesForCurrentThread();
        run(batch);
        return GC.GetAllocatedBytesForCurrentThread() - start;
    }

    private static int[][] Batch(int length) => [.. Enumerable.Range(0, 8).Select(text => Enumerable.Range(1000 + text, length).ToArray())];
}
