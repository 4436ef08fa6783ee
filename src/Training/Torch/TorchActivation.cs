using LoraOnnx.Model.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Activations in libtorch.</summary>
internal static class TorchActivation
{
    /// <summary>The function of an activation; the caller disposes what it gives.</summary>
    public static Func<Tensor, Tensor> Of(Activation activation) => activation switch
    {
        Activation.Gelu => x => nn.functional.gelu(x),
        Activation.GeluTanh => GeluTanh,
        Activation.Relu => x => nn.functional.relu(x),
        _ => x => x.tanh(),
    };

    /// <summary>½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))); TorchSharp's gelu has the erf form only.</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        using var scope = NewDisposeScope();
        using var cube = 0.044715.ToScalar();
        using var scale = Math.Sqrt(2 / Math.PI).ToScalar();
        using var half = 0.5.ToScalar();
        var sum = x.add(x * x * x * cube, Scalars.One);
        return (x * half * (sum * scale).tanh().add(Scalars.One, Scalars.One)).MoveToOuterDisposeScope();
    }
}
