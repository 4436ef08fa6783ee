using System.Runtime.Intrinsics;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>The texts by a model's score for one label, best first, ready to be ranked again for every resample.</summary>
internal sealed class RankedLabel
{
    /// <summary>Texts between additions in double precision.</summary>
    private const int Block = 256;

    private readonly int[] _order;
    private readonly byte[] _positive; // 255 where the label holds, else 0: a mask for weights
    private readonly Run[] _runs;

    public RankedLabel(ScoredTexts texts, int label)
    {
        var scores = new double[texts.Count];
        for (var text = 0; text < scores.Length; text++)
        {
            scores[text] = -texts.Score(text, label);
        }

        _order = [.. Enumerable.Range(0, texts.Count)];
        Array.Sort(scores, _order);
        _positive = [.. _order.Select(text => texts.Holds(text, label) ? byte.MaxValue : (byte)0)];
        _runs = [.. Runs(scores)];
    }

    /// <summary>ROC-AUC and average precision of a resample; not a number where the resample lacks one kind of text.</summary>
    public (double RocAuc, double AveragePrecision) Of(ReadOnlySpan<byte> weights)
    {
        var sums = default(RankSums);
        foreach (var (start, end, isTied) in _runs)
        {
            var order = _order.AsSpan(start, end - start);
            var positive = _positive.AsSpan(start, end - start);
            if (isTied)
            {
                AddTied(weights, order, positive, ref sums);
            }
            else
            {
                AddDistinct(weights, order, positive, ref sums);
            }
        }

        var negatives = sums.Taken - sums.Positives;
        return (sums.TwiceArea / (2.0 * sums.Positives * negatives), sums.Precisions / sums.Positives); // 0/0 is the NaN promised above
    }

    /// <summary>
    /// Texts that each have a score of their own: nearly all, and so the loop that the time of a comparison depends on. It has no branches to guess,
    /// and its divisions are done eight at a time, in single precision.
    /// </summary>
    private static void AddDistinct(ReadOnlySpan<byte> weights, ReadOnlySpan<int> order, ReadOnlySpan<byte> mask, ref RankSums sums)
    {
        Span<int> positive = stackalloc int[Block], positives = stackalloc int[Block], taken = stackalloc int[Block];
        var (positiveSum, takenSum, area, precisions) = ((int)sums.Positives, (int)sums.Taken, 0L, sums.Precisions);
        for (var start = 0; start < order.Length; start += Block)
        {
            var length = Math.Min(Block, order.Length - start);
            for (var i = 0; i < length; i++)
            {
                int weight = weights[order[start + i]];
                positive[i] = weight & mask[start + i];
                positiveSum += positive[i];
                takenSum += weight;
                area += (long)(weight - positive[i]) * positiveSum;
                positives[i] = positiveSum;
                taken[i] = takenSum;
            }

            positive[length..].Clear();
            precisions += Precisions(positive, positives, taken);
        }

        sums = new RankSums(positiveSum, takenSum, sums.TwiceArea + (2 * area), precisions);
    }

    /// <summary>Σ positive · positives / taken.</summary>
    private static float Precisions(ReadOnlySpan<int> positive, ReadOnlySpan<int> positives, ReadOnlySpan<int> taken)
    {
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < Block; i += Vector256<float>.Count)
        {
            var divisor = Vector256.Max(Single(taken[i..]), Vector256<float>.One); // nothing is taken as long as only texts of weight 0 came by
            sum += Single(positive[i..]) * Single(positives[i..]) / divisor;
        }

        return Vector256.Sum(sum);
    }

    private static Vector256<float> Single(ReadOnlySpan<int> values) => Vector256.ConvertToSingle(Vector256.Create(values));

    /// <summary>Texts of one score: none of them comes before another.</summary>
    private static void AddTied(ReadOnlySpan<byte> weights, ReadOnlySpan<int> order, ReadOnlySpan<byte> mask, ref RankSums sums)
    {
        long positive = 0, all = 0;
        for (var i = 0; i < order.Length; i++)
        {
            all += weights[order[i]];
            positive += weights[order[i]] & mask[i];
        }

        var (positives, taken) = (sums.Positives + positive, sums.Taken + all);
        sums = new RankSums(positives, taken, sums.TwiceArea + ((all - positive) * ((2 * sums.Positives) + positive)),
            sums.Precisions + (positive * ((double)positives / Math.Max(taken, 1))));
    }

    /// <summary>Cuts the sorted scores into groups of equal ones, and stretches without any.</summary>
    private static IEnumerable<Run> Runs(double[] sorted)
    {
        var start = 0;
        for (var i = 0; i < sorted.Length;)
        {
            var end = i + 1;
            while (end < sorted.Length && sorted[end] == sorted[i])
            {
                end++;
            }

            if (end - i > 1)
            {
                if (i > start)
                {
                    yield return new Run(start, i, IsTied: false);
                }

                yield return new Run(i, end, IsTied: true);
                start = end;
            }

            i = end;
        }

        if (start < sorted.Length)
        {
            yield return new Run(start, sorted.Length, IsTied: false);
        }
    }

    private readonly record struct Run(int Start, int End, bool IsTied);

    /// <summary>What is known after the texts so far, the best ones: weights of positives and of all, twice the area in pairs, and precisions
    /// weighted by positives.</summary>
    private readonly record struct RankSums(long Positives, long Taken, long TwiceArea, double Precisions);
}
