using System.Globalization;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge;

/// <summary>How far apart two right computations in fp32 may be at these weights: measured against the same forward pass in double.</summary>
internal sealed class RoundingTolerance
{
    /// <summary>Two orders of the same sums differ by about this much of a logit even where the texts measured show less.</summary>
    private const double Floor = 1e-5;

    /// <summary>The measured distance is one draw of a few; the file has another order of sums, and its weights were rounded once more.</summary>
    private const double Margin = 8;

    /// <summary>Where rounding moves logits by a hundredth of their size, equality says nothing.</summary>
    private const double Exploded = 0.01;

    /// <summary>e to the minus 745 is 0 even in double, so that no score but 0 and 1 is left long before this: no classifier that has learnt anything
    /// is that sure.</summary>
    private const double LargestLogit = 1e4;

    /// <summary>Every so many of the texts, from 2 tokens to hundreds, are measured before the first comparison.</summary>
    private const int TextStep = 5;

    /// <summary>Multiplications in double that they may take, about ten seconds of two cores; at least <see cref="LeastTokens"/> tokens all the
    /// same.</summary>
    private const double Work = 1e10;

    private const int LeastTokens = 200;

    private readonly ExactReference _exact;
    private readonly ExactReference _stored;
    private readonly ReferenceModel _reference;

    /// <exception cref="InputException">The logits are not finite, or rounding alone moves them.</exception>
    public RoundingTolerance(MergeInput input, double scale, ReferenceModel reference, EncodedText[] texts, CancellationToken cancellationToken)
    {
        _exact = new ExactReference(input.Weights, [.. input.Adapters.Select(entry => (entry.Adapter, entry.Weight * scale))]);
        _stored = _exact.WithRoundedWeights();
        _reference = reference;
        var perToken = input.Weights.Config.Layout.Blocks.SelectMany(block => block.Linears).Sum(linear => (double)linear.Out * linear.In);
        var left = Math.Max(LeastTokens, Work / perToken);
        foreach (var text in texts.Where((_, index) => index % TextStep == 0))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (text.Ids.Length <= left)
            {
                left -= text.Ids.Length;
                Measure(text);
            }
        }
    }

    /// <summary>The largest distance found of a logit from that in double, by sums in fp32 or by merged weights in fp32.</summary>
    public double Rounding { get; private set; }

    /// <summary>The largest difference allowed to logits.</summary>
    public double Of(IEnumerable<float> expected) => (Floor * (1 + expected.Max(Math.Abs))) + (Margin * Rounding);

    /// <summary>The logits of a text in double, after what fp32 rounds at it was measured too.</summary>
    /// <exception cref="InputException">The logits are not finite, or rounding alone moves them.</exception>
    public float[] Measure(EncodedText text)
    {
        var (exact, found) = (_exact.Logits(text.Ids), _reference.Logits(text.Ids));
        var largest = exact.Select(Math.Abs).Aggregate(0.0, Math.Max); // NaN wins
        var distances = exact.Zip(found, (a, b) => Math.Abs(a - b)).Concat(exact.Zip(_stored.Logits(text.Ids), (a, b) => Math.Abs(a - b)));
        Rounding = distances.Aggregate(Rounding, Math.Max);
        if (!double.IsFinite(largest) || !double.IsFinite(Rounding) || largest > LargestLogit)
        {
            throw Refusal($"logits are {string.Join(", ", found.Select(logit => logit.ToString("G3", CultureInfo.InvariantCulture)))}");
        }

        return Margin * Rounding <= Exploded * (1 + largest) ? Array.ConvertAll(exact, logit => (float)logit)
            : throw Refusal(FormattableString.Invariant($"fp32 rounding alone moves logits of up to {largest:G3} by {Rounding:G2}"));
    }

    private static InputException Refusal(string what) => new($"nothing can be proven for these weights: {what}. No file was left.",
        "the model has exploded: its training diverged, or --scale or an adapter's weight is too large.");
}
