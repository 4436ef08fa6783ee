using System.Reflection;
using System.Text.Json.Serialization;

namespace LoraOnnx.Model.Tokenization;

/// <summary>How <see cref="Truncation"/> is written on command lines, in run.json and in the metadata of an ONNX file: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
public static class TruncationName
{
    private static readonly Dictionary<string, Truncation> _values = Enum.GetValues<Truncation>().ToDictionary(
        value => typeof(Truncation).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name); // every member has one

    /// <summary>All names, for an option's choices.</summary>
    public static IReadOnlyList<string> All { get; } = [.. _values.Keys];

    /// <summary>The name of a truncation.</summary>
    public static string Of(Truncation truncation) => All[(int)truncation];

    /// <summary>The truncation of a name; <see cref="Truncation.Head"/> for anything else, also for null.</summary>
    public static Truncation Parse(string? name) => _values.GetValueOrDefault(name ?? "");
}
