using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Display;

/// <summary>What a person sees while training runs: a live table on a terminal, plain lines elsewhere.</summary>
internal interface ITrainingDisplay
{
    /// <summary>A line worth keeping.</summary>
    void Note(string line);

    /// <summary>A line about something that looks wrong but does not stop training.</summary>
    void Warn(string line);

    /// <summary>A long computation before the first step or after the last: share done, 0 to 1, and the time that the rest takes.</summary>
    void Preparing(string what, double share, TimeSpan left);

    /// <summary>After each step or few.</summary>
    void Step(StepView step);

    /// <summary>After each evaluation.</summary>
    void Evaluated(string phase, RunMetrics metrics, bool isBest);

    /// <summary>Runs the loop; a live display is on the screen meanwhile.</summary>
    void While(Action training);
}

/// <summary>Where training is.</summary>
internal sealed record StepView
{
    public required string Phase { get; init; }

    /// <summary>Epochs done, with a fraction.</summary>
    public required double Epoch { get; init; }

    public required int Epochs { get; init; }

    /// <summary>Steps of the phase done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the phase in all.</summary>
    public required int Steps { get; init; }

    public required float Loss { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>F1 of the last evaluation, or null before it.</summary>
    public double? LastF1 { get; init; }

    /// <summary>Best F1 so far.</summary>
    public double? BestF1 { get; init; }

    /// <summary>Real tokens of the texts in the steps.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Expected time to the end of the phase.</summary>
    public required TimeSpan TimeLeft { get; init; }
}
