using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Adapters;

/// <summary>
/// Products of rows of fp32 for small matrices. Every sum is taken in one order, whatever the rows beside it, so a row's result has the same bits
/// alone and among others.
/// </summary>
public static unsafe class RowProducts
{
    private const int Lanes = 8;
    private const int Rows = 4;
    private const int Columns = 2 * Lanes;

    /// <summary>result[row, o] = Σ x[row, k]·w[o, k], with w [outputs, inputs] end to end.</summary>
    /// <param name="x">The first row.</param>
    /// <param name="stride">Numbers from a row of x to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="w">The matrix.</param>
    /// <param name="outputs">Its rows.</param>
    /// <param name="inputs">Its columns.</param>
    /// <param name="result">Where the first row of results goes.</param>
    /// <param name="resultStride">Numbers from a row of results to the next.</param>
    public static void Dot(float* x, nint stride, int rows, float* w, int outputs, int inputs, float* result, nint resultStride)
    {
        for (var row = 0; row < rows; row += Rows)
        {
            var from = x + (row * stride);
            var to = result + (row * resultStride);
            if (rows - row == 1)
            {
                DotOfOne(from, w, outputs, inputs, to);
            }
            else
            {
                DotOfFour(from, stride, Math.Min(Rows, rows - row), w, outputs, inputs, to, resultStride);
            }
        }
    }

    /// <summary>y[row, n] += Σ h[row, j]·b[j, n], with b [rank, outputs] end to end.</summary>
    /// <param name="h">Rows of <paramref name="rank"/> numbers, end to end.</param>
    /// <param name="rank">Rows of b.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="b">The matrix.</param>
    /// <param name="outputs">Columns of b.</param>
    /// <param name="y">What is added to.</param>
    /// <param name="stride">Numbers from a row of y to the next.</param>
    public static void AddProduct(float* h, int rank, int rows, float* b, int outputs, float* y, nint stride)
    {
        for (var row = 0; row < rows; row += Rows)
        {
            AddToFour(h + (row * rank), rank, Math.Min(Rows, rows - row), b, outputs, y + (row * stride), stride);
        }
    }

    /// <summary>y[row, n] += shift[n].</summary>
    public static void AddShift(float* shift, int rows, int outputs, float* y, nint stride)
    {
        for (var row = 0; row < rows; row++)
        {
            var to = y + (row * stride);
            for (var n = 0; n < outputs; n++)
            {
                to[n] += shift[n];
            }
        }
    }

    /// <summary>Rows that are not there are read as the last one, and not written.</summary>
    private static void DotOfFour(float* x, nint stride, int rows, float* w, int outputs, int inputs, float* result, nint resultStride)
    {
        var x0 = x;
        var x1 = x + stride;
        var x2 = x + (Math.Min(2, rows - 1) * stride);
        var x3 = x + (Math.Min(3, rows - 1) * stride);
        var whole = inputs / Lanes * Lanes;
        for (var output = 0; output < outputs; output += 2)
        {
            var w0 = w + ((nint)output * inputs);
            var w1 = output + 1 < outputs ? w0 + inputs : w0;
            var (s00, s10, s20, s30) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var (s01, s11, s21, s31) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            for (var k = 0; k < whole; k += Lanes)
            {
                var (left, right) = (Vector256.Load(w0 + k), Vector256.Load(w1 + k));
                var value = Vector256.Load(x0 + k);
                s00 = Vector256.FusedMultiplyAdd(value, left, s00);
                s01 = Vector256.FusedMultiplyAdd(value, right, s01);
                value = Vector256.Load(x1 + k);
                s10 = Vector256.FusedMultiplyAdd(value, left, s10);
                s11 = Vector256.FusedMultiplyAdd(value, right, s11);
                value = Vector256.Load(x2 + k);
                s20 = Vector256.FusedMultiplyAdd(value, left, s20);
                s21 = Vector256.FusedMultiplyAdd(value, right, s21);
                value = Vector256.Load(x3 + k);
                s30 = Vector256.FusedMultiplyAdd(value, left, s30);
                s31 = Vector256.FusedMultiplyAdd(value, right, s31);
            }

            var to = result + output;
            Store(s00, s01, x0, w0, w1, whole, inputs, to);
            Store(s10, s11, x1, w0, w1, whole, inputs, to + resultStride);
            if (rows > 2)
            {
                Store(s20, s21, x2, w0, w1, whole, inputs, to + (2 * resultStride));
            }

            if (rows > 3)
            {
                Store(s30, s31, x3, w0, w1, whole, inputs, to + (3 * resultStride));
            }
        }
    }

    private static void Store(Vector256<float> first, Vector256<float> second, float* x, float* w0, float* w1, int whole, int inputs, float* to)
    {
        to[0] = Sum(first, x, w0, whole, inputs);
        if (w1 != w0)
        {
            to[1] = Sum(second, x, w1, whole, inputs);
        }
    }

    private static void DotOfOne(float* x, float* w, int outputs, int inputs, float* result)
    {
        var whole = inputs / Lanes * Lanes;
        for (var output = 0; output < outputs; output += 4)
        {
            var w0 = w + ((nint)output * inputs);
            var w1 = w + ((nint)Math.Min(output + 1, outputs - 1) * inputs);
            var w2 = w + ((nint)Math.Min(output + 2, outputs - 1) * inputs);
            var w3 = w + ((nint)Math.Min(output + 3, outputs - 1) * inputs);
            var (s0, s1, s2, s3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            for (var k = 0; k < whole; k += Lanes)
            {
                var value = Vector256.Load(x + k);
                s0 = Vector256.FusedMultiplyAdd(value, Vector256.Load(w0 + k), s0);
                s1 = Vector256.FusedMultiplyAdd(value, Vector256.Load(w1 + k), s1);
                s2 = Vector256.FusedMultiplyAdd(value, Vector256.Load(w2 + k), s2);
                s3 = Vector256.FusedMultiplyAdd(value, Vector256.Load(w3 + k), s3);
            }

            result[output] = Sum(s0, x, w0, whole, inputs);
            result[Math.Min(output + 1, outputs - 1)] = Sum(s1, x, w1, whole, inputs);
            result[Math.Min(output + 2, outputs - 1)] = Sum(s2, x, w2, whole, inputs);
            result[Math.Min(output + 3, outputs - 1)] = Sum(s3, x, w3, whole, inputs);
        }
    }

    /// <summary>The lanes, always in this order, and what is left behind the last whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector256<float> lanes, float* x, float* w, int from, int inputs)
    {
        var four = lanes.GetLower() + lanes.GetUpper();
        var sum = (four.GetElement(0) + four.GetElement(2)) + (four.GetElement(1) + four.GetElement(3));
        for (var k = from; k < inputs; k++)
        {
            sum = MathF.FusedMultiplyAdd(x[k], w[k], sum);
        }

        return sum;
    }

    private static void AddToFour(float* h, int rank, int rows, float* b, int outputs, float* y, nint stride)
    {
        var (second, third, fourth) = (Math.Min(1, rows - 1), Math.Min(2, rows - 1), Math.Min(3, rows - 1));
        var h0 = h;
        var h1 = h + (second * rank);
        var h2 = h + (third * rank);
        var h3 = h + (fourth * rank);
        var y0 = y;
        var y1 = y + (second * stride);
        var y2 = y + (third * stride);
        var y3 = y + (fourth * stride);
        var n = 0;
        for (; n + Columns <= outputs; n += Columns)
        {
            var (s00, s01) = (Vector256.Load(y0 + n), Vector256.Load(y0 + n + Lanes));
            var (s10, s11) = (Vector256.Load(y1 + n), Vector256.Load(y1 + n + Lanes));
            var (s20, s21) = (Vector256.Load(y2 + n), Vector256.Load(y2 + n + Lanes));
            var (s30, s31) = (Vector256.Load(y3 + n), Vector256.Load(y3 + n + Lanes));
            for (var j = 0; j < rank; j++)
            {
                var (left, right) = (Vector256.Load(b + ((nint)j * outputs) + n), Vector256.Load(b + ((nint)j * outputs) + n + Lanes));
                var value = Vector256.Create(h0[j]);
                s00 = Vector256.FusedMultiplyAdd(value, left, s00);
                s01 = Vector256.FusedMultiplyAdd(value, right, s01);
                value = Vector256.Create(h1[j]);
                s10 = Vector256.FusedMultiplyAdd(value, left, s10);
                s11 = Vector256.FusedMultiplyAdd(value, right, s11);
                value = Vector256.Create(h2[j]);
                s20 = Vector256.FusedMultiplyAdd(value, left, s20);
                s21 = Vector256.FusedMultiplyAdd(value, right, s21);
                value = Vector256.Create(h3[j]);
                s30 = Vector256.FusedMultiplyAdd(value, left, s30);
                s31 = Vector256.FusedMultiplyAdd(value, right, s31);
            }

            // Rows that are not there hold the last one's sums: the same numbers are stored again.
            Vector256.Store(s00, y0 + n);
            Vector256.Store(s01, y0 + n + Lanes);
            Vector256.Store(s10, y1 + n);
            Vector256.Store(s11, y1 + n + Lanes);
            Vector256.Store(s20, y2 + n);
            Vector256.Store(s21, y2 + n + Lanes);
            Vector256.Store(s30, y3 + n);
            Vector256.Store(s31, y3 + n + Lanes);
        }

        for (; n < outputs; n++)
        {
            for (var row = 0; row < rows; row++)
            {
                var sum = y[(row * stride) + n];
                for (var j = 0; j < rank; j++)
                {
                    sum = MathF.FusedMultiplyAdd(h[(row * rank) + j], b[((nint)j * outputs) + n], sum);
                }

                y[(row * stride) + n] = sum;
            }
        }
    }
}
