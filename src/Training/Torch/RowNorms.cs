using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>sqrt(Σ w²) of each row. TorchSharp's vector_norm makes a Scalar of its order, which a garbage collection may free while libtorch reads
/// it.</summary>
internal static class RowNorms
{
    /// <summary>[rows] of a matrix.</summary>
    public static Tensor Of(Tensor matrix) => matrix.mul(matrix).sum(1).sqrt();
}
