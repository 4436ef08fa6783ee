namespace LoraOnnx.Graph.Rounding;

/// <summary>A matrix in 8 bits with a factor for each output, as kernels take it.</summary>
/// <param name="Codes">[outputs, inputs] row by row.</param>
/// <param name="Factors">What makes weights of an output's codes.</param>
/// <param name="Smoothing">What each input is multiplied by before it is rounded; empty: nothing.</param>
public sealed record RoundedMatrix(ReadOnlyMemory<sbyte> Codes, ReadOnlyMemory<float> Factors, ReadOnlyMemory<float> Smoothing);
