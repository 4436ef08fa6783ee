using System.Numerics;
using System.Runtime.InteropServices;

namespace LoraOnnx.Model.Reference;

/// <summary>y = x·Wᵀ + b over rows, in blocks of four rows that share each weight loaded; fp32 with several accumulators.</summary>
internal static class MatrixProduct
{
    /// <summary>Rows of <paramref name="x"/> [n, in] times <paramref name="weight"/> [out, in], plus <paramref name="bias"/> [out], into <paramref name="y"/> [n, out].</summary>
    public static void Linear(float[] x, int n, float[] weight, float[]? bias, float[] y, int inWidth, int outWidth)
    {
        const int OutBlock = 64;
        var blocks = (outWidth + OutBlock - 1) / OutBlock;
        Parallel.For(0, blocks, block =>
        {
            var end = Math.Min(outWidth, (block + 1) * OutBlock);
            for (var row = 0; row < n; row += 4)
            {
                for (var o = block * OutBlock; o < end; o++)
                {
                    var sums = Dot4(x, row, Math.Min(4, n - row), weight.AsSpan(o * inWidth, inWidth), inWidth);
                    for (var i = 0; i < 4 && row + i < n; i++)
                    {
                        y[((row + i) * outWidth) + o] = sums[i] + (bias is null ? 0 : bias[o]);
                    }
                }
            }
        });
    }

    private static Vector4 Dot4(float[] x, int row, int rows, ReadOnlySpan<float> w, int width)
    {
        var x0 = x.AsSpan(row * width, width);
        var x1 = rows > 1 ? x.AsSpan((row + 1) * width, width) : x0;
        var x2 = rows > 2 ? x.AsSpan((row + 2) * width, width) : x0;
        var x3 = rows > 3 ? x.AsSpan((row + 3) * width, width) : x0;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        var vw = MemoryMarshal.Cast<float, Vector<float>>(w);
        var v0 = MemoryMarshal.Cast<float, Vector<float>>(x0);
        var v1 = MemoryMarshal.Cast<float, Vector<float>>(x1);
        var v2 = MemoryMarshal.Cast<float, Vector<float>>(x2);
        var v3 = MemoryMarshal.Cast<float, Vector<float>>(x3);
        for (var i = 0; i < vw.Length; i++)
        {
            s0 += v0[i] * vw[i];
            s1 += v1[i] * vw[i];
            s2 += v2[i] * vw[i];
            s3 += v3[i] * vw[i];
        }

        var sums = new Vector4(Vector.Sum(s0), Vector.Sum(s1), Vector.Sum(s2), Vector.Sum(s3));
        for (var i = vw.Length * Vector<float>.Count; i < width; i++)
        {
            sums += new Vector4(x0[i], x1[i], x2[i], x3[i]) * w[i];
        }

        return sums;
    }
}
