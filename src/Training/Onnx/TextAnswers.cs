using LoraOnnx.Graph;
using LoraOnnx.Graph.Training;
using LoraOnnx.Inference;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Onnx;

/// <summary>What a model says of texts, without dropout: texts of one width run together, as they are served.</summary>
internal sealed class TextAnswers(
    TrainingModel model, EmbeddingLayout embeddings, Machine machine, IReadOnlyList<NamedValue> trained) : IDisposable
{
    private readonly LentSession _session = new(model, machine);

    /// <summary>An output of the graph, a row a text, in the order of the batch.</summary>
    public float[][] Run(PackedBatch batch, string output)
    {
        int[][] texts = [.. Enumerable.Range(0, batch.TextCount).Select(text => batch.Ids[batch.Offsets[text]..batch.Offsets[text + 1]])];
        var rows = new float[texts.Length][];
        foreach (var (width, group) in WidthGroups.Of(texts, embeddings.MaxTokens))
        {
            using var layout = PackedLayout.Rent([.. group.Select(text => (ReadOnlyMemory<int>)texts[text])], width, embeddings);
            var values = layout.CreateValues();
            try
            {
                using var outputs = _session.Run(
                    [.. PackedInputs.All.Zip(values, (name, value) => new NamedValue(name, value)), .. trained], [output]);
                var answers = outputs[0].GetTensorDataAsSpan<float>();
                var length = answers.Length / group.Length;
                for (var place = 0; place < group.Length; place++)
                {
                    rows[group[place]] = answers.Slice(place * length, length).ToArray();
                }
            }
            finally
            {
                foreach (var value in values)
                {
                    value.Dispose();
                }
            }
        }

        return rows;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
