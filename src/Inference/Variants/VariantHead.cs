using System.Diagnostics;
using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Inference.Variants;

/// <summary>One linear of a head, its weights the base's or its own, with what an adapter adds to it.</summary>
internal readonly unsafe struct VariantLinear
{
    /// <summary>Weights [outputs, inputs].</summary>
    public required float* Weight { get; init; }

    /// <summary>Added to each row [outputs].</summary>
    public required float* Bias { get; init; }

    public required int Inputs { get; init; }

    public required int Outputs { get; init; }

    public required Activation? Activation { get; init; }

    /// <summary>Null where an adapter adds nothing.</summary>
    public required LinearChange? Change { get; init; }

    /// <summary>result = activation(x·Wᵀ + b + change), rows end to end.</summary>
    public void Run(float* x, int rows, float* result)
    {
        RowProducts.Dot(x, Inputs, rows, Weight, Outputs, Inputs, result, Outputs);
        RowProducts.AddShift(Bias, rows, Outputs, result, Outputs);
        Change?.Add(x, Inputs, result, Outputs, rows);
        var numbers = new Span<float>(result, rows * Outputs);
        switch (Activation)
        {
            case null:
                return;
            case Model.Encoders.Activation.Tanh:
                foreach (ref var number in numbers)
                {
                    number = MathF.Tanh(number);
                }

                return;
            case Model.Encoders.Activation.Relu:
                foreach (ref var number in numbers)
                {
                    number = MathF.Max(number, 0);
                }

                return;
            default:
                throw new UnreachableException($"A head has the activation {Activation}. This is a bug.");
        }
    }
}

/// <summary>From the first token's state to the logits.</summary>
internal sealed unsafe class VariantHead(IReadOnlyList<VariantLinear> linears)
{
    /// <summary>Rows whose numbers are kept at a time.</summary>
    public const int RowsAtOnce = 8;

    private readonly int _widest = linears.Max(linear => Math.Max(linear.Inputs, linear.Outputs));

    /// <summary>Logits of a row.</summary>
    public int Labels => linears[^1].Outputs;

    /// <summary>Logits of at most <see cref="RowsAtOnce"/> states, given by where each begins.</summary>
    public float[][] Run(ReadOnlySpan<nint> states)
    {
        var buffer = new float[2 * RowsAtOnce * _widest];
        fixed (float* first = buffer)
        {
            var (from, to) = ((nint)first, (nint)(first + (RowsAtOnce * _widest)));
            for (var row = 0; row < states.Length; row++)
            {
                new ReadOnlySpan<float>((float*)states[row], linears[0].Inputs)
                    .CopyTo(new Span<float>((float*)from + (row * linears[0].Inputs), linears[0].Inputs));
            }

            foreach (var linear in linears)
            {
                linear.Run((float*)from, states.Length, (float*)to);
                (from, to) = (to, from);
            }

            var logits = new float[states.Length][];
            for (var row = 0; row < logits.Length; row++)
            {
                logits[row] = new ReadOnlySpan<float>((float*)from + (row * Labels), Labels).ToArray();
            }

            return logits;
        }
    }
}
