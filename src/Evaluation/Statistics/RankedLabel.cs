using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>The texts by a model's score for one label, best first, ready to be ranked again for every resample.</summary>
internal sealed class RankedLabel
{
    private readonly int[] _order;
    private readonly byte[] _positive; // 255 where the label holds, else 0: a mask for weights
    private readonly int[] _groupEnds; // exclusive ends of runs of equal scores

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
        _groupEnds = [.. Enumerable.Range(1, texts.Count).Where(end => end == texts.Count || scores[end] != scores[end - 1])];
    }

    /// <summary>ROC-AUC and average precision of a resample; not a number where the resample lacks one kind of text.</summary>
    public (double RocAuc, double AveragePrecision) Of(ReadOnlySpan<byte> weights)
    {
        long positives = 0, taken = 0, twiceArea = 0;
        var precisions = 0.0;
        var i = 0;
        foreach (var end in _groupEnds)
        {
            long positive = 0, all = 0;
            for (; i < end; i++)
            {
                var weight = weights[_order[i]];
                all += weight;
                positive += weight & _positive[i];
            }

            twiceArea += (all - positive) * ((2 * positives) + positive);
            positives += positive;
            taken += all;
            precisions += positive * ((double)positives / Math.Max(taken, 1));
        }

        var negatives = taken - positives;
        return (twiceArea / (2.0 * positives * negatives), precisions / positives); // 0/0 is the NaN promised above
    }
}
