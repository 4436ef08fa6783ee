using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>What the machine can do at this moment: a matrix multiplication of 4096x768x3072 in GFLOP/s.</summary>
internal sealed class MatrixProbe : IDisposable
{
    private const double FloatingPointOperations = 2.0 * 4096 * 768 * 3072;

    private readonly Tensor _left;
    private readonly Tensor _right;
    private readonly Tensor _product; // written again each time: new memory would cost page faults beside the multiplication
    private readonly List<double> _rates = [];

    public MatrixProbe(ScalarType type)
    {
        using var scope = NewDisposeScope();
        _left = randn(4096, 768).to(type).DetachFromDisposeScope();
        _right = randn(768, 3072).to(type).DetachFromDisposeScope();
        _product = zeros(4096, 3072).to(type).DetachFromDisposeScope();
        Multiply(); // the first call compiles the kernel
    }

    /// <summary>Median of all measurements since the last <see cref="Forget"/>.</summary>
    public double Gigaflops => _rates.Order().ElementAt(_rates.Count / 2);

    /// <summary>Measures for about half a second.</summary>
    public void Measure()
    {
        var all = new BusyClock();
        while (all.Seconds < 0.5)
        {
            var one = new BusyClock();
            Multiply();
            _rates.Add(FloatingPointOperations / one.Seconds / 1e9);
        }
    }

    /// <summary>Starts anew.</summary>
    public void Forget() => _rates.Clear();

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
        _product.Dispose();
    }

    private void Multiply() => _product.addmm_(_left, _right, beta: 0, alpha: 1);
}
