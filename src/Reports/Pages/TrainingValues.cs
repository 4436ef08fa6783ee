using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Reports.Pages;

/// <summary>What the report of a training run shows.</summary>
public sealed record TrainingValues
{
    /// <summary>The answer.</summary>
    public required ReportHead Head { get; init; }

    /// <summary>The raw model and the kept weights on validation and test texts.</summary>
    public required Table Figures { get; init; }

    /// <summary>The figures of each label, where they say more.</summary>
    public Table? Labels { get; init; }

    /// <summary>How it got there: loss and validation over the steps, on one axis.</summary>
    public required IReadOnlyList<Drawing> Learning { get; init; }

    /// <summary>The evaluations that the choice of the kept weights went by; no rows where there were none.</summary>
    public required Table Evaluations { get; init; }

    /// <summary>How it ran: rate, gradient, speed, on the same axis.</summary>
    public required IReadOnlyList<Drawing> Running { get; init; }

    /// <summary>The texts.</summary>
    public required Table Texts { get; init; }

    /// <summary>The options in effect.</summary>
    public required Table Options { get; init; }

    /// <summary>What computed, and how long.</summary>
    public required Table Run { get; init; }
}
