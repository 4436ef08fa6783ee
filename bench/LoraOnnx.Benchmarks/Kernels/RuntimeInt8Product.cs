using Google.Protobuf;
using LoraOnnx.Graph;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Benchmarks.Kernels;

/// <summary>
/// ONNX Runtime's own 8-bit product: DynamicQuantizeMatMul with signed weights, one scale an output, in a session of one node. Rows and result are
/// the caller's memory.
/// </summary>
internal sealed unsafe class RuntimeInt8Product : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtValue _x;
    private readonly OrtValue _y;
    private readonly RunOptions _run = new();

    public RuntimeInt8Product(float* x, int rows, sbyte[] codes, int inputs, int outputs, float* result, int threads)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(Model(codes, inputs, outputs), settings);
        (_x, _y) = (Value(x, rows, inputs), Value(result, rows, outputs));
    }

    public void Multiply() => _session.Run(_run, ["x"], [_x], ["y"], [_y]);

    public void Dispose()
    {
        _session.Dispose();
        _x.Dispose();
        _y.Dispose();
        _run.Dispose();
    }

    private static OrtValue Value(float* numbers, long rows, long columns) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, TensorElementType.Float, [rows, columns], (nint)numbers, rows * columns * sizeof(float));

    private static byte[] Model(sbyte[] codes, int inputs, int outputs)
    {
        var graph = new GraphBuilder("product", OnnxModelFile.DefaultOpset);
        var x = graph.Input("x", DataType.Float, "rows", $"{inputs}");
        var weights = graph.Initializer(Tensors.Create("codes", DataType.Int8, codes, inputs, outputs));
        var scales = graph.Initializer(Tensors.Create("scales", DataType.Float, Enumerable.Repeat(0.01f, outputs).ToArray(), outputs));
        graph.Output(graph.ContribNode("DynamicQuantizeMatMul", "y", [x, weights, scales]), DataType.Float, "rows", $"{outputs}");
        return graph.Build([]).ToByteArray();
    }
}
