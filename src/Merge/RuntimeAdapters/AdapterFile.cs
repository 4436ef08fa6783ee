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

    private static readonly TensorFields _parameter = new(Name: 0, Dims: 1, DataType: 2, RawData: 3, Count: 4);

    /// <summary>Writes tensors in fp32.</summary>
    public static void Write(string path, IReadOnlyCollection<NamedTensor> tensors)
    {
        var builder = new FlatBufferBuilder((int)Math.Min(tensors.Sum(tensor => tensor.Values.LongLength * sizeof(float)) + 4096, int.MaxValue / 2));
        var parameters = builder.AddTables([.. tensors.Select(tensor => builder.AddTensor(tensor, _parameter))]);
        builder.StartTable(4);
        builder.AddInt(0, FormatVersion, 0);
        builder.AddOffset(3, parameters, 0); // 1 and 2, the versions of adapter and model, are ours to count: 0
        builder.Save(path, builder.EndTable(), Identifier);
    }
}
