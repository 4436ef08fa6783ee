using System.Reflection;

namespace LoraOnnx.Files;

/// <summary>The version of the programs, which are built together, for the readers of what they write.</summary>
public static class ToolVersion
{
    /// <summary>The version of this build, without the commit.</summary>
    public static string Text { get; } =
        // set by the SDK
        typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
