using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Safetensors;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph;

/// <summary>ONNX tensors over managed arrays; the large ones share memory with their source.</summary>
internal static class Tensors
{
    public static TensorProto Of(NamedTensor tensor) =>
        Create(tensor.Name, DataType.Float, tensor.Values, [.. tensor.Shape.Select(length => (long)length)]);

    public static TensorProto Int64(string name, long[] values) => Create(name, DataType.Int64, values, values.Length);

    public static TensorProto Int64Scalar(string name, long value) => Create(name, DataType.Int64, (long[])[value]);

    /// <summary>A scalar in the float type of the graph.</summary>
    public static TensorProto Scalar(string name, DataType type, double value) => type switch
    {
        DataType.Float16 => Create(name, type, (Half[])[(Half)value]),
        DataType.Double => Create(name, type, (double[])[value]),
        _ => Create(name, type, (float[])[(float)value]),
    };

    /// <summary>Wraps an array without a copy; it must not change while the tensor lives.</summary>
    public static TensorProto Create<T>(string name, DataType type, T[] values, params long[] dims)
        where T : unmanaged
    {
        var bytes = new ArrayBytes<T>(values).Memory;
        return new TensorProto { Name = name, DataType = (int)type, Dims = { dims }, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
    }

    /// <summary>The numbers of a raw tensor, in place.</summary>
    public static ReadOnlySpan<T> Values<T>(TensorProto tensor)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.RawData.Span);

    /// <summary>An array seen as bytes; ByteString wants Memory of byte, which no cast gives.</summary>
    private sealed class ArrayBytes<T>(T[] array) : MemoryManager<byte>
        where T : unmanaged
    {
        public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(array.AsSpan());

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("ByteString reads through the span only.");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
