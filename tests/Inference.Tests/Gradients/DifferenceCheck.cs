using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Gradients;
using LoraOnnx.Graph.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Tests.Gradients;

/// <summary>
/// Holds a rule against central differences in double: the graph gives y and the gradients of Σ y∘dy for a random dy, and every number of every
/// input is moved a little to both sides.
/// </summary>
internal sealed class DifferenceCheck : IDisposable
{
    private const double Step = 1e-5;

    private readonly GraphBuilder _graph = new("rule", OnnxModelFile.DefaultOpset);
    private readonly Dictionary<string, (long[] Shape, double[] Values)> _inputs = new(StringComparer.Ordinal);
    private readonly Random _random = new(11);
    private InferenceSession? _session;

    public DifferenceCheck() => Scope = new GradientScope(_graph, TensorProto.Types.DataType.Double, "rule");

    public GradientScope Scope { get; }

    public GraphBuilder Graph => _graph;

    /// <summary>An input of random numbers around <paramref name="mean"/>.</summary>
    public string Input(string name, double mean, params long[] shape)
    {
        var count = (int)shape.Aggregate(1L, (product, length) => product * length);
        return Input(name, [.. Enumerable.Range(0, count).Select(_ => mean + (2 * _random.NextDouble()) - 1)], shape);
    }

    /// <summary>An input of given numbers.</summary>
    public string Input(string name, double[] values, params long[] shape)
    {
        _inputs[name] = (shape, values);
        return _graph.Input(name, TensorProto.Types.DataType.Double, [.. shape.Select(length => $"{length}")]);
    }

    /// <summary>Fails unless each gradient, by the input that it is of, is what differences of Σ <paramref name="y"/>∘<paramref name="dy"/>
    /// say.</summary>
    public void Check(string y, string dy, params (string Input, string Gradient)[] gradients)
    {
        foreach (var value in (string[])[y, .. gradients.Select(pair => pair.Gradient)])
        {
            _graph.Output(value, TensorProto.Types.DataType.Double);
        }

        var model = _graph.Build([]);
        ErfSeries.Replace(model.Graph);
        using var settings = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR }; // outputs have no shapes
        _session = new InferenceSession(model.ToByteArray(), settings);
        foreach (var (input, gradient) in gradients)
        {
            var found = Run(gradient);
            var numbers = _inputs[input].Values;
            Assert.Equal(numbers.Length, found.Length);
            for (var place = 0; place < numbers.Length; place++)
            {
                var number = numbers[place];
                numbers[place] = number + Step;
                var above = Sum(y, dy);
                numbers[place] = number - Step;
                var below = Sum(y, dy);
                numbers[place] = number;
                var expected = (above - below) / (2 * Step);
                Assert.True(Math.Abs(found[place] - expected) < 1e-7 * (1 + Math.Abs(expected)), // differences of doubles at 1e-5 are good to 1e-9
                    $"d{input}[{place}] is {found[place]:R}, differences say {expected:R}");
            }
        }
    }

    public void Dispose() => _session?.Dispose();

    private double Sum(string y, string dy) => Run(y).Zip(_inputs[dy].Values, (a, b) => a * b).Sum();

    private double[] Run(string output)
    {
        var values = _inputs.ToDictionary(pair => pair.Key, pair => OrtValue.CreateTensorValueFromMemory(pair.Value.Values, pair.Value.Shape));
        try
        {
            using var run = new RunOptions();
            using var results = _session!.Run(run, values, [output]);
            return results[0].GetTensorDataAsSpan<double>().ToArray();
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }
}
