using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Rounding;

/// <summary>
/// The ways to round a model in an 8-bit precision, the fastest first: all matrices, fitted to texts, with smoothed inputs and without, then with
/// those in fp32 whose rounding moves the logits most for what they cost, one group more each time.
/// </summary>
internal sealed class RoundingSearch(MergeInput input, ModelWeights merged, MergeOptions options, CancellationToken cancellationToken)
{
    /// <summary>Texts of a batch.</summary>
    private const int BatchSize = 16;

    /// <summary>Numbers of moments in memory at a time: half a GiB.</summary>
    private const long MostMoments = 1 << 27;

    private static readonly InferenceOptions _cpu = new() { Device = ComputeDevice.Cpu };

    /// <summary>The plans; each is asked for only where the one before did not pass. The last has one group left.</summary>
    public IEnumerable<RoundingPlan> Plans()
    {
        var texts = CalibrationTexts.Of(input, options, cancellationToken);
        var groups = MatrixGroup.Of(merged.Config.Layout);
        var plan = PrecisionName.TakesSmoothing(options.Precision)
            ? RoundingPlan.Smoothed(merged, InputStatistics.LargestSizes(merged, texts, cancellationToken))
            : RoundingPlan.Plain;
        plan = Fitted(plan, groups, texts);
        yield return plan;
        yield return RoundingPlan.Plain;

        foreach (var group in MostSensitiveFirst(plan, groups, texts).SkipLast(1))
        {
            plan = plan.Without(group);
            yield return plan;
        }
    }

    /// <summary>Share of the products of all rounded layers that a plan leaves in fp32.</summary>
    public static double ExactShare(RoundingPlan plan, ModelWeights weights)
    {
        var groups = MatrixGroup.Of(weights.Config.Layout);
        var exact = groups.Where(group => group.Weights.All(plan.Exact.Contains)).Sum(group => group.Products);
        return (double)exact / groups.Sum(group => group.Products);
    }

    /// <summary>The plan with all weights rounded together; of as many groups at a time as their moments leave room for.</summary>
    private RoundingPlan Fitted(RoundingPlan plan, IReadOnlyList<MatrixGroup> groups, IReadOnlyList<EncodedText> texts)
    {
        var done = 0;
        while (done < groups.Count)
        {
            var numbers = 0L;
            var some = groups.Skip(done).TakeWhile((group, index) => (numbers += Square(group)) <= MostMoments || index == 0).ToList();
            plan = plan.Fit(merged, options.Precision, InputStatistics.Moments(merged, some, texts, cancellationToken));
            done += some.Count;
            VisibleLines.Tell(string.Create(CultureInfo.InvariantCulture, $"{done}/{groups.Count}  groups of matrices rounded"));
        }

        return plan;

        static long Square(MatrixGroup group) => (long)group.ReadsEveryToken.In * group.ReadsEveryToken.In;
    }

    /// <summary>By how much the logits' mean square moves when a group alone is rounded, for each product that fp32 would cost.</summary>
    private IEnumerable<MatrixGroup> MostSensitiveFirst(RoundingPlan plan, IReadOnlyList<MatrixGroup> groups, IReadOnlyList<EncodedText> texts)
    {
        var exact = Logits(Precision.Fp32, null, texts);
        var moved = new Dictionary<MatrixGroup, double>();
        foreach (var group in groups)
        {
            var alone = groups.Where(other => other != group).Aggregate(plan, (rest, other) => rest.Without(other));
            moved[group] = Logits(options.Precision, alone, texts).Zip(exact, (a, b) => a.Zip(b, (x, y) => Square(x - y)).Sum()).Average();
            VisibleLines.Tell(string.Create(CultureInfo.InvariantCulture,
                $"{moved.Count}/{groups.Count}  {group.Name}: logits move by {Math.Sqrt(moved[group]):G2} when it alone is rounded"));
        }

        return groups.OrderByDescending(group => moved[group] / group.Products);

        static double Square(double x) => x * x;
    }

    private List<float[]> Logits(Precision precision, RoundingPlan? plan, IReadOnlyList<EncodedText> texts)
    {
        using var classifier = TextClassifier.FromWeights(merged, input.BaseDirectory, _cpu, precision, plan);
        return [.. texts.Chunk(BatchSize).SelectMany(batch => classifier.Run(batch, cancellationToken))];
    }
}
