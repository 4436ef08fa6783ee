using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Training.Steps;

/// <summary>What has changed since the first runs, by the version in run.json: a resumed run goes on with the rules it began with.</summary>
/// <param name="Version">1: streams of random numbers were one, a schedule began at rate 0, and a head of rate 0 was not trained. 2: a
/// short run had the rates of a long one. 3: what holds now.</param>
internal sealed record RunRules(int Version)
{
    /// <summary>Those of runs that begin now.</summary>
    public static RunRules Current { get; } = new(3);

    /// <summary>True where the warm-up's first step has rate 0, as in <c>transformers</c>.</summary>
    public bool RatesStartAtZero => Version < 2;

    /// <summary>True where the rate that nobody gave is higher in a run of few steps.</summary>
    public bool ShortRunsAreFaster => Version >= 3;

    /// <summary>True where <c>--lr-head 0</c> means that the head is not trained.</summary>
    public bool HeadOfRateZeroIsFrozen => Version < 2;

    /// <summary>The random numbers of one use.</summary>
    public SeededRandom Random(ulong seed, RandomUse stream) => Version < 2 ? SeededRandom.Folded(seed) : SeededRandom.Of(seed, stream);
}
