namespace LoraOnnx.Training.Engine;

/// <summary>An engine that --engine may name, not yet started.</summary>
/// <param name="Name">Its <see cref="ITrainingEngine.Name"/>.</param>
/// <param name="Library">What computes, for the help and for errors.</param>
/// <param name="Start">Loads it and chooses what the wish leaves open.</param>
internal sealed record EngineOffer(string Name, string Library, Func<MachineWish, Action<string>, ITrainingEngine> Start)
{
    /// <summary>The first engine that loads.</summary>
    public const string Auto = "auto";
}
