using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Model;
using Microsoft.ML.OnnxRuntime;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Inference.Tests.Operators;

public sealed unsafe class OperatorTests
{
    private const int Columns = 37;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(501, 1)]
    [InlineData(501, 2)]
    public void An_operator_in_a_session_reads_its_input_and_writes_its_output(int rows, int threads)
    {
        float[] x = [.. Enumerable.Range(0, rows * Columns)];
        using var session = new OperatorSession(new Doubling(), threads);

        Assert.Equal(x.Select(value => 2 * value), session.Run(x, rows, Columns));
    }

    [Fact]
    public void What_goes_wrong_in_an_operator_is_told_by_the_session()
    {
        using var session = new OperatorSession(new Doubling(), threads: 2);

        var failure = Assert.Throws<OnnxRuntimeException>(() => session.Run(new float[3 * 40], 3, 40));

        Assert.Contains("doubling: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_wrong_on_a_thread_of_the_session_is_told_too()
    {
        using var session = new OperatorSession(new Failing(), threads: 2);

        var failure = Assert.Throws<OnnxRuntimeException>(() => session.Run(new float[Columns], 1, Columns));

        Assert.Contains("item 3", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Every row is an item.</summary>
    private sealed class Doubling : IOperator
    {
        public string Name => "doubling";

        public IReadOnlyList<OperatorInput> Inputs { get; } = [OperatorInput.Float];

        public void Compute(OperatorCall call)
        {
            var (x, rows, columns) = call.Input(0);
            ArgumentOutOfRangeException.ThrowIfNotEqual(columns, Columns, nameof(columns));
            var result = call.Output(rows, columns);
            call.Workers.Run((int)rows, row =>
            {
                for (var i = row * Columns; i < (row + 1) * Columns; i++)
                {
                    result[i] = 2 * ((float*)x)[i];
                }
            });
        }
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
            _settings = RuntimeDevice.CreateSettings(new InferenceOptions { Device = ComputeDevice.Cpu, Threads = threads });
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
