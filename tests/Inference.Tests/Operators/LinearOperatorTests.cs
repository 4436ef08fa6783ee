using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Steps;
using Microsoft.ML.OnnxRuntime;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Inference.Tests.Operators;

public sealed unsafe class LinearOperatorTests
{
    private const int Inputs = 37;
    private const int Outputs = 70;
    private readonly float[] _x = Numbers(501 * Inputs);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(501, 1)]
    [InlineData(501, 2)]
    public void A_layer_in_a_session_gives_the_bits_of_its_kernel(int rows, int threads)
    {
        var linear = Linear();
        var x = _x[..(rows * Inputs)];
        var expected = new float[rows * Outputs];
        fixed (float* from = x, to = expected)
        {
            linear.Run(from, rows, to, new PoolWorkers(1));
        }

        using var session = new OperatorSession(new LinearOperator("layer", linear), threads);

        Assert.Equal(expected, session.Run(x, rows, Inputs));
    }

    [Fact]
    public void What_goes_wrong_in_an_operator_is_told_by_the_session()
    {
        using var session = new OperatorSession(new LinearOperator("layer", Linear()), threads: 2);

        var failure = Assert.Throws<OnnxRuntimeException>(() => session.Run(_x[..(3 * 40)], 3, 40));

        Assert.Contains("layer: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_wrong_on_a_thread_of_the_session_is_told_too()
    {
        using var session = new OperatorSession(new Failing(), threads: 2);

        var failure = Assert.Throws<OnnxRuntimeException>(() => session.Run(_x[..Inputs], 1, Inputs));

        Assert.Contains("item 3", failure.Message, StringComparison.Ordinal);
    }

    private static PackedLinear Linear()
    {
        var (kernels, refusal) = KernelSet.FindBf16();
        Requirement.ProcessorHas(kernels is not null, refusal);
        return KernelSet.Linear(kernels.Weights(new LinearTensors(Numbers(Outputs * Inputs), Numbers(Outputs))), LinearActivation.Gelu);
    }

    private static float[] Numbers(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private sealed class Failing : IOperator
    {
        public string Name => "failing";

        public IReadOnlyList<OperatorInput> Inputs { get; } = [OperatorInput.Float];

        public void Compute(OperatorCall call) => call.Workers.Run(9, item =>
        {
            if (item == 3)
            {
                throw new InvalidOperationException("item 3");
            }
        });
    }

    /// <summary>A session over a graph of one node.</summary>
    private sealed class OperatorSession : IDisposable
    {
        private readonly SessionOptions _settings;
        private readonly OperatorDomain _domain;
        private readonly InferenceSession _session;

        public OperatorSession(IOperator each, int threads)
        {
            var graph = new GraphBuilder("one", OnnxModelFile.DefaultOpset);
            graph.Output(graph.KernelNode(each.Name, graph.Input("x", DataType.Float, "rows", "inputs")), DataType.Float, "rows", "outputs");
            _settings = RuntimeDevice.CreateSettings(new InferenceOptions { Device = "cpu", Threads = threads });
            _domain = new OperatorDomain(_settings, [each], threads);
            _session = new InferenceSession(graph.Build([]).ToByteArray(), _settings);
        }

        public float[] Run(float[] x, int rows, int inputs)
        {
            using var value = OrtValue.CreateTensorValueFromMemory(x, [rows, inputs]);
            using var run = new RunOptions();
            using var outputs = _session.Run(run, ["x"], [value], _session.OutputNames);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }

        public void Dispose()
        {
            _session.Dispose();
            _domain.Dispose();
            _settings.Dispose();
        }
    }
}
