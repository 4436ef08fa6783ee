using LoraOnnx.Graph.Training;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Gradients;

/// <summary>Where a graph drops, in the order in which masks are drawn; each is an input.</summary>
internal sealed class DropoutMasks(TrainingDropout dropout)
{
    private readonly List<DropoutPlace> _places = [];

    /// <summary>Nothing is dropped.</summary>
    public static DropoutMasks None { get; } = new(new TrainingDropout());

    /// <summary>How much is dropped where.</summary>
    public TrainingDropout Dropout => dropout;

    /// <summary>All places.</summary>
    public IReadOnlyList<DropoutPlace> Places => _places;

    /// <summary>x with some of it dropped; null where nothing is. The mask is like x, <paramref name="columns"/> wide.</summary>
    public Dropped? Of(GradientScope scope, string x, DropoutRows rows, int columns, double probability) =>
        Mask(scope, rows, columns, probability, rows == DropoutRows.Texts ? "texts" : "tokens", $"{columns}") is { } mask
            ? new Dropped(mask, DropoutRule.Output(scope, x, mask)) : null;

    /// <summary>The mask of attention weights, of one query a text or of all; null where nothing is dropped.</summary>
    public string? OfAttention(GradientScope scope, bool oneEach, int heads) =>
        Mask(scope, oneEach ? DropoutRows.FirstQueries : DropoutRows.Queries, heads, dropout.Attention, "texts", $"{heads}", oneEach ? "1" : "width",
            "width");

    private string? Mask(GradientScope scope, DropoutRows rows, int columns, double probability, params ReadOnlySpan<string> axes)
    {
        if (probability <= 0)
        {
            return null;
        }

        var mask = scope.Graph.Input($"{scope.Name}/kept", DataType.Float, axes);
        _places.Add(new DropoutPlace(mask, rows, columns, probability));
        return mask;
    }
}

/// <summary>What dropout left of a value, and the mask that it left it by.</summary>
internal readonly record struct Dropped(string Mask, string Value);
