namespace LoraOnnx.Model.Runs.Ranking;

/// <summary>A run among others: its name, what run.json says, and the figures it is ranked by; null where it has none.</summary>
public sealed record RankedRun(string Name, RunRecord Record, RunMetrics? Figures);
