namespace LoraOnnx.Training.Steps;

/// <summary>Rates of one step.</summary>
internal readonly record struct LearningRates(double Adapter, double Head)
{
    /// <summary>Both rates, multiplied.</summary>
    public LearningRates Times(double factor) => new(Adapter * factor, Head * factor);
}
