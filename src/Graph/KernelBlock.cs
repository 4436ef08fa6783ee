using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph;

/// <summary>One block of an encoder as kernels take it.</summary>
/// <param name="Layout">Its modules by their roles.</param>
/// <param name="Tensor">A tensor of the checkpoint by its key, in fp32; what the codes of a rounded matrix stand for.</param>
/// <param name="Rounded">A matrix by its key where its products are to be in 8 bits, else null.</param>
public sealed record KernelBlock(BlockLayout Layout, Func<string, ReadOnlyMemory<float>> Tensor, Func<string, RoundedMatrix?> Rounded);
