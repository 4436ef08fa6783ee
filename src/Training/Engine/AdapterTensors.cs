using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>The trained tensors of one adapted module, with their gradients: views into <see cref="TrainedParameters"/>, which owns them.</summary>
internal sealed record AdapterTensors(Tensor A, Tensor B, Tensor? Magnitude, Tensor GradientA, Tensor GradientB, Tensor? GradientMagnitude)
{
    /// <summary>The adapter of a module, or null when it has none.</summary>
    public static AdapterTensors? Find(TrainedParameters parameters, string module)
    {
        var (a, b, magnitude) = (AdapterNames.A(module), AdapterNames.B(module), AdapterNames.Magnitude(module));
        if (!parameters.Contains(a))
        {
            return null;
        }

        var hasMagnitude = parameters.Contains(magnitude);
        return new AdapterTensors(parameters.ValueOf(a), parameters.ValueOf(b), hasMagnitude ? parameters.ValueOf(magnitude) : null,
            parameters.GradientOf(a), parameters.GradientOf(b), hasMagnitude ? parameters.GradientOf(magnitude) : null);
    }

    /// <summary>Numbers per row of A.</summary>
    public int Rank => (int)A.shape[0];
}
