using System.Runtime.InteropServices;
using Google.FlatBuffers;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.RuntimeAdapters;

/// <summary>
/// ONNX Runtime's adapter file (<c>.onnx_adapter</c>, a FlatBuffer): tensors under the names of the graph's optional inputs. The schema is
/// onnxruntime/lora/adapter_format/adapter_schema.fbs: Adapter { format_version, adapter_version, model_version, [Parameter] } and
/// Parameter { name, [dims], data_type, [raw_data] }.
/// </summary>
internal static class AdapterFile
{
    public const string Extension = ".onnx_adapter";

    private const string Identifier = "TORT";
    private const int FormatVersion = 1;

    /// <summary>FLOAT, as ONNX's TensorProto numbers it.</summary>
    private const int Float = 1;

    /// <summary>Raw data begins at a multiple of so many bytes.</summary>
    private const int DataAlignment = 8;

    /// <summary>Writes tensors in fp32.</summary>
    public static void Write(string path, IReadOnlyCollection<NamedTensor> tensors)
    {
        var builder = new FlatBufferBuilder((int)Math.Min(tensors.Sum(tensor => tensor.Values.LongLength * sizeof(float)) + 4096, int.MaxValue / 2));
        int[] parameters = [.. tensors.Select(tensor => Parameter(builder, tensor))];
        builder.StartVector(sizeof(int), parameters.Length, sizeof(int));
        foreach (var parameter in parameters.Reverse())
        {
            builder.AddOffset(parameter);
        }

        var all = builder.EndVector();
        builder.StartTable(4);
        builder.AddInt(0, FormatVersion, 0);
        builder.AddOffset(3, all.Value, 0); // 1 and 2, the versions of adapter and model, are ours to count: 0
        builder.Finish(builder.EndTable(), Identifier);
        File.WriteAllBytes(path, builder.SizedByteArray());
    }

    private static int Parameter(FlatBufferBuilder builder, NamedTensor tensor)
    {
        var bytes = MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray();
        builder.StartVector(1, bytes.Length, DataAlignment);
        builder.Add(bytes);
        var data = builder.EndVector();
        builder.StartVector(sizeof(long), tensor.Shape.Count, sizeof(long));
        foreach (var length in tensor.Shape.Reverse())
        {
            builder.AddLong(length);
        }

        var dims = builder.EndVector();
        var name = builder.CreateString(tensor.Name);
        builder.StartTable(4);
        builder.AddOffset(0, name.Value, 0);
        builder.AddOffset(1, dims.Value, 0);
        builder.AddInt(2, Float, 0);
        builder.AddOffset(3, data.Value, 0);
        return builder.EndTable();
    }
}
