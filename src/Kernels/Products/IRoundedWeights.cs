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

    /// <summary>Whether rows of fp32 are multiplied as they are, and none has to be rounded.</summary>
    bool TakesRowsAsTheyAre { get; }

    /// <summary>Rounds a row of <see cref="Inputs"/> numbers to 4·<see cref="Steps"/> bytes, and says the factor that was taken out of it.</summary>
    float Round(float* row, byte* rounded);

    /// <summary>The outputs of one panel of activation(x·Wᵀ + b).</summary>
    /// <param name="rows">Rounded rows.</param>
    /// <param name="panel">Which 64 outputs.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="sums">Space for 64 numbers a row.</param>
    /// <param name="result">Where outputs go.</param>
    void Multiply(in ProductRows rows, int panel, LinearActivation activation, int* sums, in ResultRows result);
}

/// <summary>Rows as <see cref="IRoundedWeights"/> multiply them.</summary>
internal unsafe struct ProductRows
{
    /// <summary>The first row.</summary>
    public byte* First;

    /// <summary>Bytes from a row to the next.</summary>
    public nint RowBytes;

    /// <summary>The factor of each row; not read where rows are floats.</summary>
    public float* Factors;

    /// <summary>How many rows.</summary>
    public int Count;
}
