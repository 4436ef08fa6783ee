using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Softmax of attention scores on the CPU, and its gradient, in place: scaling, hiding of padding and rounding in one pass over a row, fp32 inside.
/// libtorch's takes 12 ns a number, which is ten times what the multiplications around it take.
/// </summary>
/// <remarks>Matrices are contiguous [matrices, rows, columns], bf16 or fp32, the columns a multiple of 32. Each row is computed by one thread: bits
/// do not depend on their number.</remarks>
internal static class SoftmaxKernel
{
    private const int Lanes = 16; // fp32 numbers in a vector

    private delegate void RowFunction(int matrix, int row, Span<float> values, ReadOnlySpan<float> others);

    /// <summary>Turns scores into probabilities: softmax(scale·scores) over the columns that count.</summary>
    /// <param name="scores">Changed in place; what does not count becomes 0.</param>
    /// <param name="scale">Factor before softmax.</param>
    /// <param name="counted">How many rows and columns of a matrix count.</param>
    public static void Forward(Tensor scores, float scale, Func<int, (int Rows, int Columns)> counted) =>
        ForEachRow(scores, null, (matrix, row, values, _) =>
    {
        var (rows, columns) = counted(matrix);
        if (row < rows)
        {
            Softmax(values, columns, scale);
        }
        else
        {
            values.Clear();
        }
    });

    /// <summary>Turns the gradient of the probabilities into that of the scores: scale·p·(dp − Σ p·dp) in each row.</summary>
    /// <param name="gradient">Of the probabilities; changed in place.</param>
    /// <param name="probabilities">What <see cref="Forward"/> gave.</param>
    /// <param name="scale">As in the forward pass.</param>
    public static void Backward(Tensor gradient, Tensor probabilities, float scale) =>
        ForEachRow(gradient, probabilities, (_, _, values, others) => SoftmaxGradient(values, others, scale));

    private static unsafe void ForEachRow(Tensor changed, Tensor? other, RowFunction function)
    {
        var (matrices, rows, columns) = ((int)changed.shape[0], (int)changed.shape[1], (int)changed.shape[2]);
        if (columns % (2 * Lanes) != 0)
        {
            throw new ArgumentException($"The number of columns, {columns}, is no multiple of {2 * Lanes}.", nameof(changed));
        }

        fixed (byte* changedStart = changed.bytes, otherStart = other is null ? default : other.bytes)
        {
            var (first, second) = ((nint)changedStart, (nint)otherStart); // a lambda cannot take pointers along
            var isHalf = changed.dtype == ScalarType.BFloat16;
            TorchThreads.For(matrices, matrix =>
            {
                var wide = isHalf ? new float[2 * columns] : [];
                for (var row = 0; row < rows; row++)
                {
                    var place = (((nint)matrix * rows) + row) * columns;
                    if (isHalf)
                    {
                        var values = wide.AsSpan(0, columns);
                        var others = second == 0 ? default : wide.AsSpan(columns);
                        var half = new Span<ushort>((ushort*)first + place, columns);
                        Widen(half, values);
                        Widen(new Span<ushort>((ushort*)second + place, others.Length), others);
                        function(matrix, row, values, others);
                        Narrow(values, half);
                    }
                    else
                    {
                        function(matrix, row, new Span<float>((float*)first + place, columns),
                            new Span<float>((float*)second + place, second == 0 ? 0 : columns));
                    }
                }
            });
        }
    }

    private static void Softmax(Span<float> row, int counted, float scale)
    {
        row[counted..].Fill(float.NegativeInfinity);
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(row);
        var largest = vectors[0];
        foreach (var vector in vectors)
        {
            largest = Vector512.Max(largest, vector);
        }

        // softmax(scale·x) with powers of two: 2^((x - max)·scale/ln 2).
        var factor = Vector512.Create(scale / MathF.Log(2));
        var shift = Vector512.Create(LargestOf(largest)) * factor;
        var sum = Vector512<float>.Zero;
        foreach (ref var vector in vectors)
        {
            vector = PowerOfTwo((vector * factor) - shift);
            sum += vector;
        }

        var share = Vector512.Create(1 / Vector512.Sum(sum));
        foreach (ref var vector in vectors)
        {
            vector *= share;
        }

        row[counted..].Clear();
    }

    private static void SoftmaxGradient(Span<float> gradient, ReadOnlySpan<float> probabilities, float scale)
    {
        var g = MemoryMarshal.Cast<float, Vector512<float>>(gradient);
        var p = MemoryMarshal.Cast<float, Vector512<float>>(probabilities);
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < g.Length; i++)
        {
            sum += g[i] * p[i];
        }

        var (mean, factor) = (Vector512.Create(Vector512.Sum(sum)), Vector512.Create(scale));
        for (var i = 0; i < g.Length; i++)
        {
            g[i] = (g[i] - mean) * p[i] * factor;
        }
    }

    private static float LargestOf(Vector512<float> vector)
    {
        var largest = vector[0];
        for (var i = 1; i < Lanes; i++)
        {
            largest = MathF.Max(largest, vector[i]);
        }

        return largest;
    }

    /// <summary>2^x for x ≤ 0, to 1e-7; below 2^-126 it stays there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PowerOfTwo(Vector512<float> x)
    {
        x = Vector512.Max(x, Vector512.Create(-126f));
        var whole = Vector512.Round(x);
        var rest = x - whole; // in ±1/2: the Taylor series of 2^rest has terms ln(2)^k/k!
        var power = Vector512.Create(1.5252734e-5f);
        power = (power * rest) + Vector512.Create(1.5403530e-4f);
        power = (power * rest) + Vector512.Create(1.3333558e-3f);
        power = (power * rest) + Vector512.Create(9.6181291e-3f);
        power = (power * rest) + Vector512.Create(5.5504109e-2f);
        power = (power * rest) + Vector512.Create(2.4022651e-1f);
        power = (power * rest) + Vector512.Create(6.9314718e-1f);
        power = (power * rest) + Vector512<float>.One;
        return power * ((Vector512.ConvertToInt32(whole) + Vector512.Create(127)) << 23).AsSingle();
    }

    private static void Widen(ReadOnlySpan<ushort> halves, Span<float> numbers)
    {
        var from = MemoryMarshal.Cast<ushort, Vector512<ushort>>(halves);
        var to = MemoryMarshal.Cast<float, Vector512<uint>>(numbers);
        for (var i = 0; i < from.Length; i++)
        {
            var (lower, upper) = Vector512.Widen(from[i]);
            to[2 * i] = lower << 16;
            to[(2 * i) + 1] = upper << 16;
        }
    }

    /// <summary>Rounds to the nearest bf16, to the even one of two; numbers are finite here.</summary>
    private static void Narrow(ReadOnlySpan<float> numbers, Span<ushort> halves)
    {
        var from = MemoryMarshal.Cast<float, Vector512<uint>>(numbers);
        var to = MemoryMarshal.Cast<ushort, Vector512<ushort>>(halves);
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = Vector512.Narrow(Rounded(from[2 * i]), Rounded(from[(2 * i) + 1]));
        }

        static Vector512<uint> Rounded(Vector512<uint> bits) => (bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
    }
}
