using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Torch;
using TorchSharp;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Memory is the process's, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(SteadyMemoryTests), DisableParallelization = true)]
[Collection(nameof(SteadyMemoryTests))]
public sealed class SteadyMemoryTests
{
    private const int Steps = 2000;

    public SteadyMemoryTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public void Two_thousand_steps_need_no_more_memory_than_a_few_hundred(string type)
    {
        // The garbage collector and the allocator's arenas move the resident size by a few MiB; a tensor of 1 KiB lost in each step would show.
        const long Tolerance = 16 << 20;
        using var model = new TinyModel(new TinyModelOptions { Width = 16, Inner = 16 });
        using var engine = Learners.Of(model.Weights,
            new AdapterPlan
            {
                Modules = AdapterTargets.Modules(model.Config.Layout, ["q_lin", "k_lin", "v_lin", "lin2"], headIsTrained: false),
                Rank = 2,
                Dropout = 0.1,
            },
            new LearnerOptions { Precision = type == "bf16" ? BasePrecision.Bf16 : BasePrecision.Fp32, TrainHead = true });
        Train(engine, from: 0, to: Steps / 5);
        var (tensors, resident) = (LiveTensors, ProcessMemory.Resident);

        Train(engine, from: Steps / 5, to: Steps);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"grew by {(ProcessMemory.Resident - resident) / 1024.0:0} KiB in {Steps - (Steps / 5)} steps");
        Assert.Equal(tensors, LiveTensors);
        Assert.True(ProcessMemory.Resident - resident <= Tolerance, $"grew by {ProcessMemory.Resident - resident} bytes, allowed {Tolerance}.");
    }

    [Fact]
    public void Texts_of_ever_new_lengths_need_no_more_memory_than_the_longest()
    {
        TensorMemory.Install();
        Assert.SkipWhen(TensorMemory.Range is null, "here libtorch's own allocator serves");
        using var model = new TinyModel(new TinyModelOptions { Width = 64, Inner = 256, Layers = 4, Positions = 512 });
        using var engine = Learners.Of(
            model.Weights, new AdapterPlan
            {
                Modules = AdapterTargets.Modules(model.Config.Layout, ["q_lin", "k_lin", "v_lin"], headIsTrained: false),
                Rank = 4,
            },
            new LearnerOptions { Precision = BasePrecision.Bf16 });
        var random = new Random(3);
        Step(Enumerable.Repeat(512, 8));
        var peak = TensorMemory.Range.Peak;

        for (var step = 0; step < 60; step++)
        {
            Step(Enumerable.Range(0, 8).Select(_ => random.Next(20, 512)));
        }

        Assert.True(TensorMemory.Range.Peak <= peak, $"peak {TensorMemory.Range.Peak} bytes, of the longest texts {peak}.");

        void Step(IEnumerable<int> lengths)
        {
            EncodedText[] texts = [.. lengths.Select(length => new EncodedText(TinyModel.Ids(length, length), length))];
            _ = engine.Step([new PackedBatch(texts, [.. texts.Select((_, text) => (IReadOnlyList<int>)[text % 2])])], 1e-3).Loss;
        }
    }

    /// <summary>Tensors of this thread that some dispose scope has seen and nobody has disposed.</summary>
    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static void Train(AdapterLearner engine, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            var lengths = new[] { 3 + (step % 11), 40, 5 + (step % 29) };
            var result = engine.Step(
                [new PackedBatch([.. lengths.Select((length, text) => new EncodedText(TinyModel.Ids(length, step + text), length))],
                    [[1], [0], [1]])], 1e-3);
            Assert.True(float.IsFinite(result.Loss));
        }
    }
}
