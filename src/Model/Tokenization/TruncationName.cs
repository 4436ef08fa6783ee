namespace LoraOnnx.Model.Tokenization;

/// <summary>How <see cref="Truncation"/> is written in run.json and in the metadata of an ONNX file: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
public static class TruncationName
{
    /// <summary>All names, for an option's choices.</summary>
    public static IReadOnlyList<string> All { get; } = ["head", "tail", "head+tail"];

    /// <summary>The name of a truncation.</summary>
    public static string Of(Truncation truncation) => truncation switch
    {
        Truncation.Tail => "tail",
        Truncation.HeadAndTail => "head+tail",
        _ => "head",
    };

    /// <summary>The truncation of a name; <see cref="Truncation.Head"/> for anything else, also for null.</summary>
    public static Truncation Parse(string? name) => name switch
    {
        "tail" => Truncation.Tail,
        "head+tail" => Truncation.HeadAndTail,
        _ => Truncation.Head,
    };
}
