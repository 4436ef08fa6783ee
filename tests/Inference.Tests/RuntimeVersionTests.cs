using LoraOnnx.Graph.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Tests;

/// <summary>What the ONNX Runtime in use really loads: the limits that are told to people are its own.</summary>
public sealed class RuntimeVersionTests
{
    [Fact]
    public void The_last_operator_set_that_is_named_is_the_last_that_the_runtime_loads()
    {
        Assert.Null(WhyNot(PortableContract.HighestOpset, ir: 8));
        Assert.Contains("opset", WhyNot(PortableContract.HighestOpset + 1, ir: 8), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_file_version_that_is_named_is_the_last_that_the_runtime_loads()
    {
        Assert.Null(WhyNot(18, PortableContract.HighestIrVersion));
        Assert.Contains("IR version", WhyNot(18, PortableContract.HighestIrVersion + 1), StringComparison.Ordinal);
    }

    /// <summary>What the runtime says against a model of one Identity, or null.</summary>
    private static string? WhyNot(long opset, long ir)
    {
        const int Float = 1;
        ValueInfoProto Value(string name) => new() { Name = name, Type = new() { TensorType = new() { ElemType = Float } } };
        var model = new ModelProto
        {
            IrVersion = ir,
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
            Graph = new GraphProto
            {
                Name = "identity",
                Input = { Value("x") },
                Output = { Value("y") },
                Node = { new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "y" } } },
            },
        };
        try
        {
            using var session = new InferenceSession(Google.Protobuf.MessageExtensions.ToByteArray(model));
            return null;
        }
        catch (OnnxRuntimeException failure)
        {
            return failure.Message;
        }
    }
}
