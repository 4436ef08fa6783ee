using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// A cheap piece of the network, of one input, whose gradient libtorch derives. Only the input is kept: the backward pass computes the piece once
/// more, which takes some per cent of the multiplications beside it, instead of keeping its result.
/// </summary>
internal sealed class LocalGradient
{
    private readonly Func<Tensor, Tensor> _function;
    private readonly Tensor _input;

    private LocalGradient(Func<Tensor, Tensor> function, Tensor input)
    {
        _function = function;
        _input = input;
    }

    /// <summary>Computes a function of x, in the caller's scope; with a tape, so that the gradient can be asked for as long as the tape
    /// lives.</summary>
    public static (Tensor Result, LocalGradient? Gradient) Run(Func<Tensor, Tensor> function, Tensor x, Tape? tape) =>
        (function(x), tape is null ? null : new LocalGradient(function, tape.Keep(x)));

    /// <summary>The gradient of x for a gradient of the result; in the caller's scope.</summary>
    public Tensor Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var recording = enable_grad();
        var leaf = _input.detach().requires_grad_(true);
        return autograd.grad([_function(leaf)], [leaf], [gradient])[0].MoveToOuterDisposeScope();
    }
}
