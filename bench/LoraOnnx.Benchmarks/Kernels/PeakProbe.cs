using System.Diagnostics;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Benchmarks.Kernels;

/// <summary>
/// What the processor can do at this moment: the register tile over the same few kilobytes of the first-level cache again and again, on all threads.
/// </summary>
internal static unsafe class PeakProbe
{
    private const int Rows = 6;
    private const int Steps = 64; // a panel of 16 KiB
    private const int Repetitions = 4000;

    /// <summary>Operations a second, two for each product; the best of a few tries.</summary>
    public static double Rate(IProductTile tile, int elementsOfStep, int threads)
    {
        var operations = 2.0 * Rows * Panels.Columns * Steps * elementsOfStep * Repetitions * threads;
        return Enumerable.Range(0, 5).Max(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => Multiply(tile));
            return operations / Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
    }

    private static void Multiply(IProductTile tile)
    {
        AlignedBuffer rows = new(Rows * Steps * Panels.StepBytes), panel = new(Steps * Panels.BytesOfStep), sums = new(Rows * Panels.BytesOfStep);
        for (var repetition = 0; repetition < Repetitions; repetition++)
        {
            tile.Multiply(rows.Address, Steps * Panels.StepBytes, Rows, panel.Address, Steps, Panels.Columns, (int*)sums.Address);
        }

        GC.KeepAlive((rows, panel, sums));
    }
}
