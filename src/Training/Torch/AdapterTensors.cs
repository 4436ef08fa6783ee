using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>The tensors of one adapted module, all fp32, and where it learns their gradients.</summary>
/// <param name="A">Down projection [rank, in].</param>
/// <param name="B">Up projection [out, rank].</param>
/// <param name="Magnitude">DoRA's magnitude [out], or null.</param>
/// <param name="Scale">What B·A is multiplied with.</param>
/// <param name="Gradients">Null in a frozen model.</param>
internal sealed record AdapterTensors(Tensor A, Tensor B, Tensor? Magnitude, double Scale, AdapterGradients? Gradients)
{
    /// <summary>Numbers per row of A.</summary>
    public int Rank => (int)A.shape[0];

    /// <summary>Views into <paramref name="parameters"/>, which owns them; null when the module has no adapter.</summary>
    public static AdapterTensors? Trained(TrainedParameters parameters, string module, double scale)
    {
        var (a, b, magnitude) = (AdapterNames.A(module), AdapterNames.B(module), AdapterNames.Magnitude(module));
        if (!parameters.Contains(a))
        {
            return null;
        }

        var hasMagnitude = parameters.Contains(magnitude);
        return new AdapterTensors(parameters.ValueOf(a), parameters.ValueOf(b), hasMagnitude ? parameters.ValueOf(magnitude) : null, scale,
            new AdapterGradients(parameters.GradientOf(a), parameters.GradientOf(b), hasMagnitude ? parameters.GradientOf(magnitude) : null));
    }

    /// <summary>Copies on the device, in the caller's scope.</summary>
    public static AdapterTensors Frozen(LoraModule module, Device device) =>
        new(EncoderBody.ToTensor(module.A).to(device), EncoderBody.ToTensor(module.B).to(device),
            module.Magnitude is { } magnitude ? EncoderBody.ToTensor(magnitude).to(device) : null, module.Scale, null);
}

/// <summary>What a step adds to the gradients of <see cref="AdapterTensors"/>.</summary>
internal sealed record AdapterGradients(Tensor A, Tensor B, Tensor? Magnitude);
