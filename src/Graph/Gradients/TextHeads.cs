using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// Rows of texts as attention takes them: [B·W, H] as [B, heads, W, D] and back; rows that lie end to end without padding, [T, H], by way of
/// <paramref name="Packing"/>. Letters: B texts, W tokens of each or of the longest, T of all, H width, D = H/heads.
/// </summary>
/// <param name="Graph">The graph.</param>
/// <param name="Encoder">Sizes.</param>
/// <param name="Texts">B, int64 [1].</param>
/// <param name="Tokens">W, int64 [1].</param>
/// <param name="Mask">What is added to scores, 0 or as good as −∞ for tokens that are padding [B, 1, 1, W]; null where none are.</param>
/// <param name="Packing">The row in each slot of the padded layout, int32 [B, W], and the slot of each row, int32 [T]; null where rows are that
/// layout.</param>
internal sealed record TextHeads(
    GraphBuilder Graph, EncoderShape Encoder, string Texts, string Tokens, string? Mask = null, (string Slots, string Rows)? Packing = null)
{
    private readonly string _shape = Graph.Node("Concat", "/heads/shape",
        [Texts, Tokens, Graph.Int64s(Encoder.Heads, Encoder.HeadWidth)], Int("axis", 0));

    private readonly string _shapeOfOne = Graph.Node("Concat", "/heads/shape_of_one",
        [Texts, Graph.Int64s(1, Encoder.Heads, Encoder.HeadWidth)], Int("axis", 0));

    /// <summary>[B·W, H] or [T, H] → [B, heads, W, D]; of one row a text, [B, H] → [B, heads, 1, D].</summary>
    public string Split(string rows, bool oneEach = false)
    {
        var laid = Packing is not { } packing || oneEach ? rows : Graph.Node("Gather", $"{rows}/padded", [rows, packing.Slots]);
        return Graph.Node("Transpose", $"{rows}/heads",
            [Graph.Node("Reshape", $"{rows}/texts", [laid, oneEach ? _shapeOfOne : _shape])], Ints("perm", 0, 2, 1, 3));
    }

    /// <summary>[B, heads, W, D] → [B·W, H] or [T, H]; [B, heads, 1, D] → [B, H].</summary>
    public string Join(string heads, bool oneEach = false)
    {
        var rows = Graph.Node("Reshape", $"{heads}/rows",
            [Graph.Node("Transpose", $"{heads}/texts", [heads], Ints("perm", 0, 2, 1, 3)), Graph.Int64s(-1, Encoder.Width)]);
        return Packing is not { } packing || oneEach ? rows : Graph.Node("Gather", $"{heads}/packed", [rows, packing.Rows]);
    }
}
