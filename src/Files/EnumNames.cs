using System.Reflection;
using System.Text.Json.Serialization;

namespace LoraOnnx.Files;

/// <summary>How the values of an enum are written on command lines, in run.json and in the metadata of an ONNX file: each has a
/// <see cref="JsonStringEnumMemberNameAttribute"/>.</summary>
public static class EnumNames
{
    /// <summary>All names in the order of the values, for an option's choices.</summary>
    public static IReadOnlyList<string> All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>The name of a value.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum =>
        typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name; // every member has one

    /// <summary>The value of a name, or null when there is none of that name.</summary>
    public static T? Parse<T>(string? name)
        where T : struct, Enum => Enum.GetValues<T>().Where(value => Of(value) == name).Select(value => (T?)value).SingleOrDefault();
}
