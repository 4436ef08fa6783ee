namespace LoraOnnx.Training.Steps;

/// <summary>
/// Up to the peak in the first <c>ceil(warmup · steps)</c> steps, then down towards 0: Hugging Face's linear schedule, but for the warm-up, whose
/// first step has rate 0 there. No step has rate 0: a step is paid for, and a run may have no other.
/// </summary>
internal sealed class LearningRateSchedule
{
    private readonly int _steps;
    private readonly int _warmupSteps;
    private readonly int _first;

    /// <summary>Plans the rates; <paramref name="startsAtZero"/> for runs from before, whose warm-up begins with a step of rate 0.</summary>
    public LearningRateSchedule(int steps, double warmupShare, bool startsAtZero = false)
    {
        _steps = steps;
        _warmupSteps = (int)Math.Ceiling(steps * warmupShare);
        _first = startsAtZero ? 0 : 1;
    }

    /// <summary>What the peak rate is multiplied with in the step of this number, counted from 0.</summary>
    public double Factor(int step) => step < _warmupSteps
        ? (double)(step + _first) / _warmupSteps
        : Math.Max(0, (double)(_steps - step) / Math.Max(1, _steps - _warmupSteps));
}
