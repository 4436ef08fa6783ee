using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// One model's answers, laid out so that all figures of a resample follow from a few sums: answers are sorted by reliability bin, the right ones
/// first, then by what was true and what was said, and each run of equal ones is a segment. A single-label text is one answer; a multi-label text is
/// one answer a label.
/// </summary>
internal sealed class ResampledModel
{
    private readonly bool _multiLabel;
    private readonly int _classes;
    private readonly int[] _textOfAnswer; // [answers], in the order of segments
    private readonly float[] _gap; // [answers]: 1 or 0 for right or wrong, less the confidence
    private readonly Segment[] _segments;
    private readonly Bin[] _bins; // those that hold an answer, rising
    private readonly float[] _right; // [texts]
    private readonly float[] _logLoss; // [texts]
    private readonly float[] _brier; // [texts]
    private readonly RankedLabel[] _ranked;

    public ResampledModel(ScoredTexts texts)
    {
        _multiLabel = texts.ProblemType == ProblemType.MultiLabel;
        _classes = texts.Classes;
        var answers = Answers(texts).OrderBy(answer => answer.Key.Bin).ThenBy(answer => answer.Key.IsRight ? 0 : 1)
            .ThenBy(answer => answer.Key.Matrix).ThenBy(answer => answer.Key.Actual).ThenBy(answer => answer.Key.Predicted).ToList();
        _textOfAnswer = [.. answers.Select(answer => answer.Text)];
        _gap = [.. answers.Select(answer => answer.Gap)];
        var ends = Enumerable.Range(1, answers.Count).Where(end => end == answers.Count || answers[end].Key != answers[end - 1].Key).ToList();
        _segments = [.. ends.Select((end, index) => new Segment(index == 0 ? 0 : ends[index - 1], end, answers[end - 1].Key))];
        _bins = [.. _segments.GroupBy(segment => segment.Key.Bin)
            .Select(bin =>
                new Bin(bin.First().Start, bin.Where(segment => segment.Key.IsRight).Select(segment => segment.End).LastOrDefault(bin.First().Start),
                    bin.Last().End))];
        var indices = Enumerable.Range(0, texts.Count);
        _right = [.. indices.Select(text => texts.IsRight(text) ? 1f : 0f)];
        _logLoss = [.. indices.Select(text => (float)ProbabilityLoss.LogLoss(texts, text))];
        _brier = [.. indices.Select(text => (float)ProbabilityLoss.Brier(texts, text))];
        _ranked = [.. texts.RankedLabels.Select(label => new RankedLabel(texts, label))];
    }

    /// <summary>Answers of all texts: the length of the scratch space.</summary>
    public int AnswerCount => _textOfAnswer.Length;

    /// <summary>Points of the reliability curve: the bins that hold an answer.</summary>
    public int PointCount => _bins.Length;

    /// <summary>Numbers that <see cref="Evaluate"/> gives: those of <see cref="Figure.All"/>, then mean confidence and accuracy of each point of the
    /// reliability curve.</summary>
    public int ValueCount => Figure.All.Count + (2 * PointCount);

    /// <summary>The figures of a resample; not a number where it lacks the texts that a figure is about.</summary>
    public void Evaluate(ReadOnlySpan<byte> weights, Span<byte> scratch, Span<double> values)
    {
        WeightedSums.Gather(weights, _textOfAnswer, scratch);
        var matrices = Matrices(scratch);
        var counted = _multiLabel
            ? CountFigures.OfLabels(matrices, (long)WeightedSums.Dot(weights, _right), weights.Length)
            : CountFigures.OfClasses(matrices[0]);
        var (rocAuc, averagePrecision) = (0.0, 0.0);
        foreach (var ranked in _ranked)
        {
            var (area, precision) = ranked.Of(weights);
            rocAuc += area / _ranked.Length;
            averagePrecision += precision / _ranked.Length;
        }

        var figures = new ResampleFigures(counted, rocAuc, averagePrecision, WeightedSums.Dot(weights, _logLoss) / weights.Length,
            WeightedSums.Dot(weights, _brier) / weights.Length, ReliabilityCurve(scratch, values[Figure.All.Count..]));
        for (var index = 0; index < Figure.All.Count; index++)
        {
            values[index] = Figure.All[index].OfResample(figures);
        }
    }

    /// <summary>Fills in the points of the curve and gives the expected calibration error.</summary>
    private double ReliabilityCurve(ReadOnlySpan<byte> answerWeights, Span<double> points)
    {
        var gaps = 0.0;
        for (var bin = 0; bin < _bins.Length; bin++)
        {
            var (start, wrong, end) = _bins[bin];
            double right = WeightedSums.Sum(answerWeights[start..wrong]);
            var answers = right + WeightedSums.Sum(answerWeights[wrong..end]);
            var gap = WeightedSums.Dot(answerWeights[start..end], _gap.AsSpan(start, end - start));
            points[2 * bin] = (right - gap) / answers;
            points[(2 * bin) + 1] = right / answers;
            gaps += Math.Abs(gap);
        }

        return gaps / AnswerCount;
    }

    private ConfusionMatrix[] Matrices(ReadOnlySpan<byte> answerWeights)
    {
        var size = _multiLabel ? 2 : _classes;
        var counts = new long[_multiLabel ? _classes : 1][,];
        for (var matrix = 0; matrix < counts.Length; matrix++)
        {
            counts[matrix] = new long[size, size];
        }

        foreach (var (start, end, key) in _segments)
        {
            counts[key.Matrix][key.Actual, key.Predicted] += WeightedSums.Sum(answerWeights[start..end]);
        }

        return Array.ConvertAll(counts, matrix => new ConfusionMatrix(matrix));
    }

    private static IEnumerable<(int Text, float Gap, SegmentKey Key)> Answers(ScoredTexts texts)
    {
        var perText = texts.ProblemType == ProblemType.MultiLabel ? texts.Classes : 1;
        var index = 0;
        foreach (var (confidence, right) in Reliability.Answers(texts))
        {
            var (text, label) = (index / perText, index % perText);
            var (actual, predicted) = texts.ProblemType == ProblemType.MultiLabel
                ? (texts.Holds(text, label) ? 1 : 0, texts.Predicted(text, label) ? 1 : 0)
                : (texts.Label(text), texts.Prediction(text));
            yield return (text, (float)((right ? 1 : 0) - confidence), new SegmentKey(Reliability.BinOf(confidence), label, actual, predicted));
            index++;
        }
    }

    private readonly record struct SegmentKey(int Bin, int Matrix, int Actual, int Predicted)
    {
        public bool IsRight => Actual == Predicted;
    }

    private readonly record struct Segment(int Start, int End, SegmentKey Key);

    /// <summary>A bin's answers: the right ones, then the wrong ones.</summary>
    private readonly record struct Bin(int Start, int Wrong, int End);
}
