using System.Numerics.Tensors;

namespace LoraOnnx.Graph.Rounding;

/// <summary>
/// Rounds a matrix so that its products with the inputs x that it was fitted to move least, rather than its weights: GPTQ (arXiv 2210.17323), which
/// is Babai's nearest plane. For one output with weights w and rounded weights q, e = w - q, the error over all tokens is e·H·eᵀ with H = Σ xᵀx.
/// With H = L·Lᵀ it is Σ_j (Σ_(i≥j) e_i·L_ij)²: from the last input to the first, q_j is the code nearest to w_j + Σ_(i>j) e_i·L_ij / L_jj, which
/// takes up what the inputs before it left. The inputs with the largest moments come first.
/// </summary>
internal sealed class NearestPlane
{
    /// <summary>Added to the diagonal, as a share of its mean: inputs that texts hardly use take up little.</summary>
    private const double Damping = 0.01;

    /// <summary>Columns of the factorization, and rows of weights, done together.</summary>
    private const int Block = 32;

    private readonly int _inputs;
    private readonly int[] _order;
    private readonly float[] _shares; // [j, i]: L_ij / L_jj for i > j

    /// <param name="moments">H [inputs, inputs].</param>
    /// <param name="smoothing">What each input is multiplied by; null: nothing.</param>
    public NearestPlane(float[] moments, float[]? smoothing)
    {
        _inputs = (int)Math.Sqrt(moments.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(moments.Length, _inputs * _inputs, nameof(moments));
        _order = [.. Enumerable.Range(0, _inputs).OrderBy(input => Moment(input, input))];
        var factor = new double[moments.Length];
        var damping = Damping * Enumerable.Range(0, _inputs).Average(input => Moment(input, input));
        Parallel.For(0, _inputs, i =>
        {
            for (var j = 0; j <= i; j++)
            {
                factor[(i * _inputs) + j] = Moment(_order[i], _order[j]);
            }

            factor[(i * _inputs) + i] += Math.Max(damping, double.Epsilon);
        });
        Factorize(factor);
        _shares = new float[moments.Length];
        Parallel.For(0, _inputs, j =>
        {
            for (var i = j + 1; i < _inputs; i++)
            {
                _shares[(j * _inputs) + i] = (float)(factor[(i * _inputs) + j] / factor[(j * _inputs) + j]);
            }
        });

        double Moment(int i, int j) =>
            smoothing is null ? moments[(i * _inputs) + j] : moments[(i * _inputs) + j] * (double)smoothing[i] * smoothing[j];
    }

    /// <summary>
    /// Weights [outputs, inputs] that are whole steps of an 8-bit code: the largest of every <paramref name="shared"/> weights of a row, which share
    /// their step, stays as it is and is 127 of them.
    /// </summary>
    public float[] Fit(ReadOnlyMemory<float> weights, int shared)
    {
        var fitted = weights.ToArray();
        var outputs = fitted.Length / _inputs;
        Parallel.For(0, (outputs + Block - 1) / Block, block =>
        {
            var first = block * Block;
            Fit(fitted.AsSpan(first * _inputs, Math.Min(Block, outputs - first) * _inputs), shared);
        });
        return fitted;
    }

    private void Fit(Span<float> weights, int shared)
    {
        var rows = weights.Length / _inputs;
        var left = new float[weights.Length]; // e, in the order of the inputs' moments
        var largest = new float[weights.Length];
        for (var start = 0; start < weights.Length; start += _inputs)
        {
            for (var group = 0; group < _inputs; group += shared)
            {
                var (from, length) = (start + group, Math.Min(shared, _inputs - group));
                largest.AsSpan(from, length).Fill(MathF.Abs(TensorPrimitives.MaxMagnitude<float>(weights.Slice(from, length))));
            }
        }

        for (var j = _inputs - 1; j >= 0; j--)
        {
            var shares = _shares.AsSpan((j * _inputs) + j + 1, _inputs - j - 1);
            for (var row = 0; row < rows; row++)
            {
                var place = (row * _inputs) + _order[j];
                var weight = weights[place];
                if (MathF.Abs(weight) >= largest[place])
                {
                    continue; // the step is this weight's
                }

                var step = largest[place] / 127;
                var after = left.AsSpan((row * _inputs) + j + 1, shares.Length);
                var code = MathF.Round((weight + TensorPrimitives.Dot<float>(after, shares)) / step);
                weights[place] = Math.Clamp(code, -127, 127) * step;
                left[(row * _inputs) + j] = weight - weights[place];
            }
        }
    }

    /// <summary>Cholesky, in place: the lower triangle becomes L with H = L·Lᵀ.</summary>
    private void Factorize(double[] matrix)
    {
        for (var start = 0; start < _inputs; start += Block)
        {
            var (first, end) = (start, Math.Min(start + Block, _inputs));
            Parallel.For(first, _inputs, i =>
            {
                for (var j = first; j < Math.Min(end, i + 1); j++)
                {
                    matrix[(i * _inputs) + j] -= TensorPrimitives.Dot<double>(Row(i)[..first], Row(j)[..first]);
                }
            });
            for (var i = first; i < end; i++)
            {
                Solve(i);
            }

            Parallel.For(end, _inputs, Solve);

            void Solve(int i)
            {
                for (var j = first; j < Math.Min(end, i + 1); j++)
                {
                    var rest = matrix[(i * _inputs) + j] - TensorPrimitives.Dot<double>(Row(i)[first..j], Row(j)[first..j]);
                    matrix[(i * _inputs) + j] = i == j ? Math.Sqrt(Math.Max(rest, double.Epsilon)) : rest / matrix[(j * _inputs) + j];
                }
            }
        }

        ReadOnlySpan<double> Row(int i) => matrix.AsSpan(i * _inputs, _inputs);
    }
}
