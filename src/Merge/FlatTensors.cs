using Google.FlatBuffers;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge;

/// <summary>The fields of a tensor's table in a schema of ONNX Runtime's, and how many its table has.</summary>
internal readonly record struct TensorFields(int Name, int Dims, int DataType, int RawData, int Count);

/// <summary>What ONNX Runtime's FlatBuffers files are made of: tensors in fp32, lists of tables, and the file.</summary>
internal static class FlatTensors
{
    /// <summary>FLOAT, as ONNX's TensorProto numbers it.</summary>
    public const int Float = 1;

    /// <summary>Adds a tensor's table.</summary>
    public static int AddTensor(this FlatBufferBuilder builder, NamedTensor tensor, TensorFields fields)
    {
        builder.StartVector(1, tensor.Values.Length * sizeof(float), sizeof(long));
        builder.Put(tensor.Values);
        var values = builder.EndVector();
        builder.StartVector(sizeof(long), tensor.Shape.Count, sizeof(long));
        foreach (var length in tensor.Shape.Reverse()) // a buffer grows towards its front
        {
            builder.AddLong(length);
        }

        var dims = builder.EndVector();
        var name = builder.CreateString(tensor.Name);
        builder.StartTable(fields.Count);
        builder.AddOffset(fields.Name, name.Value, 0);
        builder.AddOffset(fields.Dims, dims.Value, 0);
        builder.AddInt(fields.DataType, Float, 0);
        builder.AddOffset(fields.RawData, values.Value, 0);
        return builder.EndTable();
    }

    /// <summary>Adds a list of tables.</summary>
    public static int AddTables(this FlatBufferBuilder builder, IReadOnlyList<int> tables)
    {
        builder.StartVector(sizeof(int), tables.Count, sizeof(int));
        foreach (var table in tables.Reverse())
        {
            builder.AddOffset(table);
        }

        return builder.EndVector().Value;
    }

    /// <summary>Ends the buffer with its outermost table and writes it.</summary>
    public static void Save(this FlatBufferBuilder builder, string path, int root, string identifier)
    {
        builder.Finish(root, identifier);
        using var stream = File.Create(path);
        stream.Write(builder.DataBuffer.ToArraySegment(builder.DataBuffer.Position, builder.DataBuffer.Length - builder.DataBuffer.Position));
        stream.Flush(flushToDisk: true);
    }
}
