using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Kernels;

/// <summary>oneDNN's product of bf16 matrices, as libtorch calls it, into memory that it has already.</summary>
internal sealed class TorchBf16Product : IDisposable
{
    private readonly Tensor _x;
    private readonly Tensor _weights;
    private readonly Tensor _result;

    public TorchBf16Product(int rows, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        _x = randn(rows, inputs).to(ScalarType.BFloat16).DetachFromDisposeScope();
        _weights = randn(inputs, outputs).to(ScalarType.BFloat16).DetachFromDisposeScope();
        _result = zeros(rows, outputs).to(ScalarType.BFloat16).DetachFromDisposeScope();
    }

    public void Multiply() => _result.addmm_(_x, _weights, beta: 0, alpha: 1);

    public void Dispose()
    {
        _x.Dispose();
        _weights.Dispose();
        _result.Dispose();
    }
}
