using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph;

/// <summary>Weights between fp32 and fp16.</summary>
internal static class HalfWeights
{
    /// <exception cref="InputException">A weight is too large for fp16.</exception>
    public static TensorProto Narrow(TensorProto tensor)
    {
        var values = Tensors.Values<float>(tensor);
        if (MathF.Abs(TensorPrimitives.MaxMagnitude(values)) > (float)Half.MaxValue)
        {
            throw new InputException(
                $"tensor '{tensor.Name}' has {TensorPrimitives.MaxMagnitude(values):G4}, more than fp16 can hold ({Half.MaxValue}).",
                "keep fp32, or use int8.");
        }

        var narrow = new Half[values.Length];
        TensorPrimitives.ConvertToHalf(values, narrow);
        return Tensors.Create(tensor.Name, DataType.Float16, narrow, [.. tensor.Dims]);
    }

    public static TensorProto Widen(TensorProto tensor)
    {
        var values = Tensors.Values<Half>(tensor);
        var wide = new float[values.Length];
        TensorPrimitives.ConvertToSingle(values, wide);
        return Tensors.Create(tensor.Name, DataType.Float, wide, [.. tensor.Dims]);
    }
}
