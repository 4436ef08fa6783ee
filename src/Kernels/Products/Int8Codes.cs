namespace LoraOnnx.Kernels.Products;

/// <summary>How unsigned bytes stand for the numbers of a row.</summary>
/// <param name="Zero">The code of 0.</param>
/// <param name="Lowest">The least factor of a row: with it the lowest number that there can be is still a code.</param>
internal readonly record struct Int8Codes(int Zero, float Lowest)
{
    /// <summary>The minimum of x·Φ(x) is -0.16997; that of max(x, 0) is 0.</summary>
    private const float LowestActivation = 0.17f;

    /// <summary>127 codes each way.</summary>
    public static Int8Codes OfEitherSign { get; } = new(128, 0);

    /// <summary>After an activation: 223 codes up, 32 down.</summary>
    public static Int8Codes AfterActivation { get; } = new(32, LowestActivation / 32);

    /// <summary>Codes above <see cref="Zero"/>.</summary>
    public int Up => byte.MaxValue - Zero;
}
