namespace LoraOnnx.Training.Steps;

/// <summary>Hugging Face's linear schedule: from 0 up to the peak in the first <c>ceil(warmup · steps)</c> steps, then down to 0 at the end, which no step reaches.</summary>
internal sealed class LearningRateSchedule
{
    private readonly int _steps;
    private readonly int _warmupSteps;

    public LearningRateSchedule(int steps, double warmupShare)
    {
        _steps = steps;
        _warmupSteps = (int)Math.Ceiling(steps * warmupShare);
    }

    /// <summary>What the peak rate is multiplied with in the step of this number, counted from 0.</summary>
    public double Factor(int step) => step < _warmupSteps
        ? (double)step / Math.Max(1, _warmupSteps)
        : Math.Max(0, (double)(_steps - step) / Math.Max(1, _steps - _warmupSteps));
}
