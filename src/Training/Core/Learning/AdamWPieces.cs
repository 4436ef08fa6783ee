using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Learning;

/// <summary>
/// AdamW for the CPU: one pass to measure the gradient and one that reads and writes every number once, where a dozen operations on tensors would go
/// through memory a dozen times.
/// </summary>
/// <remarks>Numbers are cut into pieces of fixed length, so bits do not depend on the number of threads.</remarks>
internal sealed class AdamWPieces(ParameterLayout layout, OptimizerConstants constants, double loraPlusRatio)
{
    private const int PieceLength = 1 << 14;
    private const int Lanes = 16; // fp32 numbers in a vector
    private const double ClipEpsilon = 1e-6; // torch's clip_grad_norm_

    private readonly (ParameterKind Kind, int Start, int Length)[] _pieces = [.. layout.Segments().SelectMany(Pieces)];

    /// <summary>The four flat buffers; called for each piece, as a span stays on the thread that took it.</summary>
    public delegate FlatNumbers Buffers();

    /// <summary>Calls a body for 0 to a number, in any order, on any threads.</summary>
    public delegate void Loop(int count, Action<int> body);

    private delegate void PieceAction(int index, ParameterKind kind, FlatNumbers numbers);

    /// <summary>Steps done.</summary>
    public long StepCount { get; set; }

    /// <summary>Clips the gradients, updates all parameters, and returns the gradient norm before clipping.</summary>
    public double Step(double learningRate, double headLearningRate, Buffers buffers, Loop loop)
    {
        StepCount++;
        var squares = new double[_pieces.Length];
        ForEachPiece(buffers, loop, (index, _, numbers) => squares[index] = SumOfSquares(numbers.Gradients));
        var norm = Math.Sqrt(squares.Sum());
        var clip = constants.ClipNorm > 0 ? Math.Min(1, constants.ClipNorm / (norm + ClipEpsilon)) : 1;
        var rootCorrection = 1 / Math.Sqrt(1 - Math.Pow(constants.Beta2, StepCount));
        ForEachPiece(buffers, loop, (_, kind, numbers) =>
        {
            var rates = UpdateRates.Of(kind, learningRate, headLearningRate, loraPlusRatio, constants, StepCount);
            Update(numbers, new Factors
            {
                Clip = (float)clip,
                MeanShare = (float)(1 - constants.Beta1),
                SquareShare = (float)(1 - constants.Beta2),
                RootCorrection = (float)rootCorrection,
                Epsilon = (float)constants.Epsilon,
                Shrink = (float)rates.Shrink,
                Stride = (float)rates.Stride,
            });
        });
        return norm;
    }

    private static IEnumerable<(ParameterKind Kind, int Start, int Length)> Pieces((ParameterKind Kind, long Start, long Length) segment)
    {
        for (var done = 0L; done < segment.Length; done += PieceLength)
        {
            yield return (segment.Kind, checked((int)(segment.Start + done)), (int)Math.Min(PieceLength, segment.Length - done));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(ReadOnlySpan<float> numbers)
    {
        var sum = Vector512<double>.Zero;
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(numbers);
        foreach (var vector in vectors)
        {
            var (lower, upper) = Vector512.Widen(vector);
            sum += (lower * lower) + (upper * upper);
        }

        var total = Vector512.Sum(sum);
        foreach (var number in numbers[(vectors.Length * Lanes)..])
        {
            total += (double)number * number;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update(FlatNumbers numbers, Factors factors)
    {
        var whole = numbers.Values.Length / Lanes * Lanes;
        for (var i = 0; i < whole; i += Lanes)
        {
            UpdateVector(numbers, i, factors);
        }

        if (whole == numbers.Values.Length)
        {
            return;
        }

        // The last ones in a vector of their own.
        Span<float> last = stackalloc float[4 * Lanes];
        last.Clear();
        var rest = new FlatNumbers(last[..Lanes], last[Lanes..(2 * Lanes)], last[(2 * Lanes)..(3 * Lanes)], last[(3 * Lanes)..]);
        numbers.From(whole).CopyTo(rest);
        UpdateVector(rest, 0, factors);
        rest.To(numbers.Values.Length - whole).CopyTo(numbers.From(whole));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UpdateVector(FlatNumbers numbers, int place, Factors factors)
    {
        var index = (nuint)place;
        var gradient = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(numbers.Gradients), index) * factors.Clip;
        var mean = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(numbers.Mean), index);
        mean += (gradient - mean) * factors.MeanShare;
        var square = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(numbers.Square), index);
        square += ((gradient * gradient) - square) * factors.SquareShare;
        var value = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(numbers.Values), index) * factors.Shrink;
        value -= mean / ((Vector512.Sqrt(square) * factors.RootCorrection) + Vector512.Create(factors.Epsilon)) * factors.Stride;
        mean.StoreUnsafe(ref MemoryMarshal.GetReference(numbers.Mean), index);
        square.StoreUnsafe(ref MemoryMarshal.GetReference(numbers.Square), index);
        value.StoreUnsafe(ref MemoryMarshal.GetReference(numbers.Values), index);
    }

    private void ForEachPiece(Buffers buffers, Loop loop, PieceAction action) => loop(_pieces.Length, index =>
    {
        var (kind, start, length) = _pieces[index];
        action(index, kind, buffers().From(start).To(length));
    });

    private readonly struct Factors
    {
        public float Clip { get; init; }

        public float MeanShare { get; init; }

        public float SquareShare { get; init; }

        public float RootCorrection { get; init; }

        public float Epsilon { get; init; }

        public float Shrink { get; init; }

        public float Stride { get; init; }
    }
}

/// <summary>A stretch of the four flat buffers.</summary>
internal readonly ref struct FlatNumbers(Span<float> values, Span<float> gradients, Span<float> mean, Span<float> square)
{
    public Span<float> Values { get; } = values;

    public Span<float> Gradients { get; } = gradients;

    public Span<float> Mean { get; } = mean;

    public Span<float> Square { get; } = square;

    public FlatNumbers From(int start) => new(Values[start..], Gradients[start..], Mean[start..], Square[start..]);

    public FlatNumbers To(int end) => new(Values[..end], Gradients[..end], Mean[..end], Square[..end]);

    public void CopyTo(FlatNumbers other)
    {
        Values.CopyTo(other.Values);
        Gradients.CopyTo(other.Gradients);
        Mean.CopyTo(other.Mean);
        Square.CopyTo(other.Square);
    }
}
