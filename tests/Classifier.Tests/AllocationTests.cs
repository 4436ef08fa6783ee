using System.Diagnostics.CodeAnalysis;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using Engine = LoraOnnx.Inference.TextClassifier;

namespace LoraOnnx.Classifier.Tests;

/// <summary>In steady state nothing is allocated for a text but the answer, ONNX Runtime's handles counted apart.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests : IDisposable
{
    private const int Rounds = 1000;

    /// <summary>An async method that waits, as the measurement itself is one.</summary>
    private const int OfMeasurement = 400;

    private const int ArrayHeader = 24;

    private readonly ClassifierFolder _folder = new();
    private readonly string[] _texts =
        [.. Enumerable.Range(0, 40).SelectMany(_ => ClassifierFolder.Texts), "caf\u00e9, e\u0301tude \ud83d\ude00 and \u1e9b\u0323"];

    public void Dispose() => _folder.Dispose();

    /// <summary>A run of the kernels has fewer handles than one of ONNX Runtime's own, which is the bound.</summary>
    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public async Task A_text_alone_allocates_its_answer(string precision)
    {
        Requirement.ProcessorHas(precision == "fp32" || Bf16Support.Refusal is null, Bf16Support.Refusal);
        using var classifier = Load(precision);

        await AssertBytesAsync(_texts.Length * (Answer() + Handles()), async () =>
        {
            foreach (var text in _texts)
            {
                await classifier.ClassifyAsync(text, TestContext.Current.CancellationToken);
            }
        });
    }

    [Fact]
    public async Task Texts_of_one_call_allocate_their_answers()
    {
        using var classifier = Load();

        await AssertBytesAsync(ArrayHeader + (_texts.Length * (nint.Size + Answer() + Handles())),
            async () => await classifier.ClassifyAsync(_texts, TestContext.Current.CancellationToken));
    }

    /// <summary>The queue itself, without an engine.</summary>
    [Fact]
    [SuppressMessage("Reliability", "CA2012", Justification = "Each is awaited once.")]
    public async Task Waiting_for_the_engine_allocates_nothing()
    {
        using var metrics = new ClassifierMetrics(null, "test");
        var answer = new TextClassification { Label = "", Score = 1, Scores = [], Tokens = 2, IsTruncated = false };
        using var batches = new SharedBatches(
            (string _, ref int[] ids, out int total) =>
            {
                ids = ids.Length == 0 ? [1, 2] : ids;
                return total = 2;
            },
            (batch, logits, _) =>
            {
                logits.Begin(batch.Length);
                for (var place = 0; place < batch.Length; place++)
                {
                    logits.Put([place], [1, 2]);
                }
            },
            _ => answer, new TextClassifierOptions(), metrics);
        var waiting = new ValueTask<TextClassification>[64];
        using var given = new CancellationTokenSource();

        await AssertBytesAsync(0, async () =>
        {
            for (var i = 0; i < waiting.Length; i++)
            {
                waiting[i] = batches.RunAsync("a", given.Token);
            }

            foreach (var each in waiting)
            {
                await each;
            }
        });
    }

    /// <summary>Each text is a batch alone, so that the handles are those of a run.</summary>
    private TextClassifier Load(string precision = "fp32") =>
        TextClassifier.Load(_folder.Path, new TextClassifierOptions { Device = "cpu", Precision = precision, BatchTokens = 1 });

    private static long Answer() => Least(
        () => GC.KeepAlive(new TextClassification { Label = "", Score = 1, Scores = new LabelScore[2], Tokens = 2, IsTruncated = false }));

    /// <summary>What ONNX Runtime's managed library allocates for a run: a test of LoraOnnx.Inference shows that a run allocates nothing
    /// else.</summary>
    private long Handles()
    {
        using var engine = Engine.Load(_folder.Path,
            new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Of(Precision.Fp32) });
        var logits = new TextLogits();
        var ids = engine.Encode(_texts[0]).Ids;
        return Least(() => engine.Run([ids], logits, CancellationToken.None));
    }

    private static long Least(Action work)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    /// <summary>The round that others disturbed least, of as many as it takes the runtime to optimize the code.</summary>
    private static async Task AssertBytesAsync(long expected, Func<Task> work)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > expected + OfMeasurement; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await work();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least <= expected + OfMeasurement, $"{least} bytes, expected {expected}");
    }
}

/// <summary>Nothing else may run: the whole process is counted.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AloneInTheProcess;
