using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Products;

/// <summary>The weights of one linear, rounded and laid out in panels, with its bias: x·Wᵀ + b over rows that are rounded in the same way.</summary>
internal unsafe interface IRoundedWeights
{
    /// <summary>Numbers of an input row.</summary>
    int Inputs { get; }

    /// <summary>Numbers of an output row.</summary>
    int Outputs { get; }

    /// <summary>Steps of k: a rounded row has four bytes for each.</summary>
    int Steps { get; }

    /// <summary>Rounds a row of <see cref="Inputs"/> numbers to 4·<see cref="Steps"/> bytes, and says the factor that was taken out of it.</summary>
    float Round(float* row, byte* rounded);

    /// <summary>One panel of activation(x·Wᵀ + b) for rounded rows that lie one below the other.</summary>
    /// <param name="rows">Rounded rows, 4·<see cref="Steps"/> bytes each.</param>
    /// <param name="factors">The factor of each row.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="panel">Which 64 outputs.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="sums">Space for 64 numbers a row.</param>
    /// <param name="result">64 numbers for each row; those beyond <see cref="Outputs"/> are the activation of 0.</param>
    /// <param name="stride">Numbers from a row of the result to the next.</param>
    void Multiply(byte* rows, float* factors, int count, int panel, LinearActivation activation, int* sums, float* result, nint stride);
}
