using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>A stretch of training with one learner and one schedule: the whole run, or the adapters and then the head of a sequential one.</summary>
internal sealed class TrainingPhase
{
    private readonly int[] _firstSteps; // [epochs + 1]
    private readonly StepPlan _plan;

    /// <summary>Plans all epochs: with batches by tokens their steps differ.</summary>
    public TrainingPhase(IPhase phase, StepPlan plan, EffectiveOptions options)
    {
        var epochs = phase.Epochs;
        Kind = phase;
        _plan = plan;
        _firstSteps = new int[epochs + 1];
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            _firstSteps[epoch + 1] = _firstSteps[epoch] + plan.Epoch(epoch).Count;
        }

        Schedule = new LearningRateSchedule(Steps, options.Warmup, options.Rules.RatesStartAtZero);
        EvaluationSteps = EvaluationPoints.Of(Steps, epochs, phase.EvaluationsPerEpoch);
        Patience = options.Patience;
    }

    /// <summary>What learns and how fast.</summary>
    public IPhase Kind { get; }

    /// <summary><c>lora</c>, <c>head</c> or <c>lora+head</c>.</summary>
    public string Name => Kind.Name;

    public LearningRates Peak => Kind.Peak;

    public LearningRateSchedule Schedule { get; }

    /// <summary>Numbers of steps after which to evaluate.</summary>
    public IReadOnlyList<int> EvaluationSteps { get; }

    /// <summary>Evaluations without a better F1 that end the phase; 0: none do.</summary>
    public int Patience { get; }

    public int Epochs => _firstSteps.Length - 1;

    /// <summary>Steps of all epochs.</summary>
    public int Steps => _firstSteps[^1];

    /// <summary>The steps from the one numbered <paramref name="first"/> (counted from 0) to the end.</summary>
    public IEnumerable<IReadOnlyList<int[]>> StepsFrom(int first)
    {
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            if (_firstSteps[epoch + 1] <= first)
            {
                continue;
            }

            foreach (var step in _plan.Epoch(epoch).Skip(Math.Max(0, first - _firstSteps[epoch])))
            {
                yield return step;
            }
        }
    }

    /// <summary>Epochs done after so many steps, with a fraction.</summary>
    public double EpochsAt(int steps)
    {
        var epoch = Array.FindLastIndex(_firstSteps, first => first <= steps);
        return epoch >= Epochs ? Epochs : epoch + ((double)(steps - _firstSteps[epoch]) / (_firstSteps[epoch + 1] - _firstSteps[epoch]));
    }
}
