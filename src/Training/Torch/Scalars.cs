using TorchSharp;

namespace LoraOnnx.Training.Torch;

/// <summary>Numbers that live as long as the process. TorchSharp's sums without a factor make one of their own, which a garbage collection may free
/// while libtorch reads it.</summary>
internal static class Scalars
{
    /// <summary>The factor of a plain sum.</summary>
    public static Scalar One { get; } = 1.0.ToScalar();
}
