using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Forms;

/// <summary>Every tensor in half precision. A CPU computes fp16 in fp32 with casts in between: its graphs take the same numbers in fp32.</summary>
internal sealed class Fp16Form : WeightForm
{
    /// <inheritdoc/>
    public override Precision Precision => Precision.Fp16;

    /// <inheritdoc/>
    public override Precision OnCpu => Precision.Fp32;

    /// <inheritdoc/>
    public override bool Takes(EncoderLayout layout, string key) => true;

    /// <inheritdoc/>
    /// <exception cref="InputException">A weight is too large for fp16.</exception>
    public override IEnumerable<TensorProto> Store(TensorProto tensor)
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
        return [Tensors.Create(tensor.Name, DataType.Float16, narrow, [.. tensor.Dims])];
    }

    /// <inheritdoc/>
    public override TensorProto Widen(TensorProto tensor)
    {
        var values = Tensors.Values<Half>(tensor);
        var wide = new float[values.Length];
        TensorPrimitives.ConvertToSingle(values, wide);
        return Tensors.Create(tensor.Name, DataType.Float, wide, [.. tensor.Dims]);
    }
}
