namespace LoraOnnx.Model.Tokenization;

/// <summary>How <see cref="Truncation"/> is written in run.json and in the metadata of an ONNX file: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
public static class TruncationName
{
    /// <summary>The truncation of a name; <see cref="Truncation.Head"/> for anything else, also for null.</summary>
    public static Truncation Parse(string? name) => name switch
    {
        "tail" => Truncation.Tail,
        "head+tail" => Truncation.HeadAndTail,
        _ => Truncation.Head,
    };
}
