using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LoraOnnx.Inference;

/// <summary>Keeps ONNX Runtime from sending telemetry and from keeping a device id in the user's cache.</summary>
/// <remarks>
/// It looks at the environment when its first native code runs. The system's own environment is meant: on Unix, what .NET sets is .NET's alone.
/// </remarks>
internal static partial class NativeTelemetry
{
    /// <summary>What ONNX Runtime 1.31 looks for.</summary>
    public const string Switch = "ORT_DISABLE_TELEMETRY";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "nothing of this room may run before it.")]
    internal static void TurnOff()
    {
        Environment.SetEnvironmentVariable(Switch, "1"); // on Windows that of the process, and for child processes
        if (!OperatingSystem.IsWindows())
        {
            _ = SetEnvironment(Switch, "1", overwrite: 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
