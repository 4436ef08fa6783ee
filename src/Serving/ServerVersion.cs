using System.Reflection;

namespace LoraOnnx.Serving;

/// <summary>What the server calls itself.</summary>
internal static class ServerVersion
{
    public const string Name = "lora-serve";

    /// <summary>The version of this build, without the commit.</summary>
    public static string Text { get; } =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]; // set by the SDK
}
