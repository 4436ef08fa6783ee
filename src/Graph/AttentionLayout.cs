using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// Attention over rows that lie end to end. Short texts run together, padded to a width, with a mask. Texts that are longer than
/// <see cref="PackedInputs.WidestMask"/> run with texts of their own length only, without padding: then ONNX Runtime needs no mask and keeps
/// the scores of a few queries in the cache, instead of writing and reading those of all queries in memory.
/// </summary>
internal sealed class AttentionLayout
{
    private readonly GraphBuilder _graph;
    private readonly EncoderShape _encoder;
    private readonly string _slots;
    private readonly string _rows;
    private readonly string _lengths;
    private readonly string _unpadded;
    private readonly string _shape;

    // Letters: B texts, T tokens of all texts, W the width that attention is padded to, H width of the hidden state.
    public AttentionLayout(GraphBuilder graph, EncoderShape encoder, string ids)
    {
        (_graph, _encoder) = (graph, encoder);
        _slots = graph.Input(PackedInputs.Slots, DataType.Int32, "texts", "width");
        _rows = graph.Input(PackedInputs.Rows, DataType.Int32, "tokens");
        _lengths = graph.Input(PackedInputs.Lengths, DataType.Int32, "texts");

        var texts = graph.Node("Shape", "/layout/texts", [_slots]); // [B, W]
        _shape = graph.Node("Concat", "/layout/shape", [texts, graph.Int64s(encoder.Width)], Int("axis", 0)); // [B, W, H]
        var width = graph.Node("Gather", "/layout/width", [texts, graph.Initializer(Tensors.Int64Scalar("one_int64", 1))]);
        var full = graph.Node("Equal", "/layout/full", [graph.Node("Size", "/layout/tokens", [ids]), graph.Node("Size", "/layout/slots", [_slots])]);
        var wide = graph.Node("Greater", "/layout/wide", [width, graph.Initializer(Tensors.Int64Scalar("widest_mask", PackedInputs.WidestMask))]);
        _unpadded = graph.Node("And", "/layout/unpadded", [full, wide]);
    }

    /// <summary>
    /// The context of <paramref name="query"/>, rows [T, H], over <paramref name="keys"/> and <paramref name="values"/> [T, H], as rows like those of
    /// the query; of one query a text, [B, H], where <paramref name="oneEach"/>.
    /// </summary>
    public string Attention(string query, string keys, string values, string scope, bool oneEach)
    {
        return _graph.If($"{scope}/context", DataType.Float, _unpadded, Unpadded, Padded);

        string Unpadded()
        {
            string Texts(string rows) => _graph.Node("Reshape", $"{rows}/texts", [rows, _shape]); // [T, H] -> [B, W, H]
            return Rows(Attend($"{scope}/unpadded", oneEach ? One("unpadded") : Texts(query), Texts(keys), Texts(values)));
        }

        string Padded()
        {
            string Texts(string rows) => _graph.Node("Gather", $"{rows}/padded", [rows, _slots]); // [T, H] -> [B, W, H]
            var context = Rows(Attend($"{scope}/padded", oneEach ? One("padded") : Texts(query), Texts(keys), Texts(values), "", _lengths));
            return oneEach ? context : _graph.Node("Gather", $"{context}/real", [context, _rows]); // [B·W, H] -> [T, H]
        }

        string One(string branch) => _graph.Node("Unsqueeze", $"{query}/{branch}", [query, _graph.Int64s(1)]); // [B, 1, H]

        string Attend(string output, params ReadOnlySpan<string> inputs) =>
            _graph.ContribNode("MultiHeadAttention", output, inputs, Int("num_heads", _encoder.Heads), Float("scale", 1));

        string Rows(string context) => _graph.Node("Reshape", $"{context}/rows", [context, _graph.Int64s(-1, _encoder.Width)]);
    }
}
