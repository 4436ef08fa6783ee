using System.Text.Json;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Merge.Tests;

/// <summary>Merged tensors against the sums that stand for those of peft.</summary>
internal static class MergedSums
{
    /// <summary>Sums of squares within 1e-6 relative; sums within 1e-6·sqrt(count·sum of squares).</summary>
    public static void AssertEqual(JsonElement tensors, ModelWeights merged)
    {
        const double Tolerance = 1e-6;
        var (worstSum, worstSquares) = (0.0, 0.0);
        foreach (var tensor in tensors.EnumerateObject())
        {
            var values = merged[tensor.Name].Values;
            var expectedSquares = tensor.Value.GetProperty("sum_of_squares").GetDouble();
            var squares = Math.Abs(values.Sum(value => (double)value * value) - expectedSquares) / expectedSquares;
            var sum = Math.Abs(values.Sum(value => (double)value) - tensor.Value.GetProperty("sum").GetDouble())
                / Math.Sqrt(values.Length * expectedSquares);
            Assert.True(squares <= Tolerance
                && sum <= Tolerance, $"{tensor.Name}: sum of squares differs by {squares:G3}, sum by {sum:G3} (both relative)");
            (worstSum, worstSquares) = (Math.Max(worstSum, sum), Math.Max(worstSquares, squares));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"largest relative difference: sums {worstSum:G3}, sums of squares {worstSquares:G3}");
    }
}
