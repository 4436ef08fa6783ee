using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// Rows of texts of one length as attention takes them: [B·W, H] as [B, heads, W, D] and back. Letters: B texts, W tokens of each, H width,
/// D = H/heads.
/// </summary>
/// <param name="Graph">The graph.</param>
/// <param name="Encoder">Sizes.</param>
/// <param name="Texts">B, int64 [1].</param>
/// <param name="Tokens">W, int64 [1].</param>
/// <param name="Mask">What is added to scores, 0 or as good as −∞ for tokens that are padding [B, 1, 1, W]; null where none are.</param>
internal sealed record TextHeads(GraphBuilder Graph, EncoderShape Encoder, string Texts, string Tokens, string? Mask = null)
{
    private readonly string _shape = Graph.Node("Concat", "/heads/shape",
        [Texts, Tokens, Graph.Int64s(Encoder.Heads, Encoder.HeadWidth)], Int("axis", 0));

    private readonly string _shapeOfOne = Graph.Node("Concat", "/heads/shape_of_one",
        [Texts, Graph.Int64s(1, Encoder.Heads, Encoder.HeadWidth)], Int("axis", 0));

    /// <summary>[B·W, H] → [B, heads, W, D]; of one row a text, [B, H] → [B, heads, 1, D].</summary>
    public string Split(string rows, bool oneEach = false) => Graph.Node("Transpose", $"{rows}/heads",
        [Graph.Node("Reshape", $"{rows}/texts", [rows, oneEach ? _shapeOfOne : _shape])], Ints("perm", 0, 2, 1, 3));

    /// <summary>[B, heads, n, D] → [B·n, H].</summary>
    public string Join(string heads) => Graph.Node("Reshape", $"{heads}/rows",
        [Graph.Node("Transpose", $"{heads}/texts", [heads], Ints("perm", 0, 2, 1, 3)), Graph.Int64s(-1, Encoder.Width)]);
}
