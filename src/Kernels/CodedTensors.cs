namespace LoraOnnx.Kernels;

/// <summary>A linear whose weights are 8-bit codes with a factor for each output, as a file keeps them.</summary>
/// <param name="Codes">[outputs, inputs] row by row.</param>
/// <param name="Factors">What makes weights of an output's codes.</param>
/// <param name="Bias">One for each output.</param>
/// <param name="Smoothing">What each input is multiplied by before it is rounded; empty: nothing.</param>
/// <param name="ReadsActivation">Whether inputs are what GELU or max(x, 0) gave, which go no lower than -0.17.</param>
public readonly record struct CodedTensors(
    ReadOnlyMemory<sbyte> Codes, ReadOnlyMemory<float> Factors, ReadOnlyMemory<float> Bias, ReadOnlyMemory<float> Smoothing, bool ReadsActivation);
