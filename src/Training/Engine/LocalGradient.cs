using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>A piece of the network whose gradient libtorch derives: it records its own small graph, and <see cref="Backward"/> runs and frees it.</summary>
internal sealed class LocalGradient : IDisposable
{
    private readonly Tensor[] _inputs;
    private readonly Tensor _result;

    private LocalGradient(Tensor[] inputs, Tensor result)
    {
        _inputs = inputs;
        _result = result;
    }

    /// <summary>Computes a function of the inputs; with a tape, so that the gradients can be asked for later.</summary>
    /// <returns>The result, detached, in the caller's scope; and the gradient, which the tape owns, or null without a tape.</returns>
    public static (Tensor Result, LocalGradient? Gradient) Run(Tape? tape, Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        if (tape is null)
        {
            return (function(inputs), null);
        }

        using var scope = NewDisposeScope();
        using var recording = enable_grad();
        var leaves = Array.ConvertAll(inputs, input => input.detach().requires_grad_(true).DetachFromDisposeScope());
        var result = function(leaves);
        var gradient = new LocalGradient(leaves, result.DetachFromDisposeScope());
        tape.Keep(gradient);
        return (result.detach().MoveToOuterDisposeScope(), gradient);
    }

    /// <summary>Gradients of all inputs for a gradient of the result; in the caller's scope. Once only: the graph is freed.</summary>
    public Tensor[] Backward(Tensor gradient)
    {
        var gradients = autograd.grad([_result], _inputs, [gradient]);
        Dispose();
        return [.. gradients];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _result.Dispose();
        foreach (var input in _inputs)
        {
            input.Dispose();
        }
    }
}
