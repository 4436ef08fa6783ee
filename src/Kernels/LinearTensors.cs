namespace LoraOnnx.Kernels;

/// <summary>A linear as a checkpoint has it: weights [outputs, inputs] row by row, and a bias for each output.</summary>
public readonly record struct LinearTensors(ReadOnlyMemory<float> Weight, ReadOnlyMemory<float> Bias);
