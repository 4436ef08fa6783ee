using LoraOnnx.Graph;
using LoraOnnx.Model.Encoders;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Explanations;

/// <summary>A session over the graph that explains. Runs may be called concurrently.</summary>
internal sealed class GradientModel : IDisposable
{
    /// <summary>Points run together up to so many tokens, which bounds what the backward pass keeps: at base size some 240 KB a token.</summary>
    public const int TokensAtOnce = 4096;

    private static readonly string[] _inputs = [.. ExplanationInputs.All];
    private static readonly string[] _outputs = [PackedInputs.Logits, ExplanationInputs.Along];

    private readonly InferenceSession _session;
    private readonly EmbeddingLayout _embeddings;
    private readonly int _labels;

    private GradientModel(InferenceSession session, EmbeddingLayout embeddings, int labels) =>
        (_session, _embeddings, _labels) = (session, embeddings, labels);

    /// <summary>Opens a graph with <see cref="ExplanationInputs"/>.</summary>
    public static GradientModel Open(byte[] model, EmbeddingLayout embeddings, int labels, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options);
        return new GradientModel(new InferenceSession(model, settings), embeddings, labels);
    }

    /// <summary>The logits at each point, and the derivative of a class's logit along the line, token by token.</summary>
    public IReadOnlyList<(float[] Logits, float[] Along)> Run(
        int[] ids, int[] baseline, IReadOnlyList<double> points, int asked, CancellationToken cancellationToken) =>
        [.. points.Chunk(Math.Max(1, TokensAtOnce / ids.Length)).SelectMany(part => RunOnce(ids, baseline, part, asked, cancellationToken))];

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private List<(float[] Logits, float[] Along)> RunOnce(
        int[] ids, int[] baseline, double[] points, int asked, CancellationToken cancellationToken)
    {
        var positions = new int[ids.Length];
        _embeddings.FillPositions(ids, positions); // the text's at every point: what is integrated over are the words alone
        var oneHot = new float[_labels];
        oneHot[asked] = 1;
        OrtValue[] inputs =
        [
            Value(ids), Value(baseline), Value(positions), Value([.. points.Select((_, point) => point * ids.Length)]),
            Value([.. points.Select(point => (float)point)]), Value(oneHot),
        ];
        List<(float[], float[])> rows = [];
        SessionRun.Outputs(_session, _inputs, inputs, _outputs, outputs =>
        {
            var logits = outputs[0].GetTensorDataAsSpan<float>();
            var along = outputs[1].GetTensorDataAsSpan<float>();
            for (var point = 0; point < points.Length; point++)
            {
                rows.Add((logits.Slice(point * _labels, _labels).ToArray(), along.Slice(point * ids.Length, ids.Length).ToArray()));
            }
        }, cancellationToken);
        return rows;
    }

    private static OrtValue Value<T>(T[] values)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values, [values.Length]);
}
