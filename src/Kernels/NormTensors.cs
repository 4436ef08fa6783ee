namespace LoraOnnx.Kernels;

/// <summary>A layer norm as a checkpoint has it.</summary>
public readonly record struct NormTensors(ReadOnlyMemory<float> Weight, ReadOnlyMemory<float> Bias, double Epsilon);
