using System.Runtime.InteropServices;

namespace LoraOnnx.Serving.Connections;

/// <summary>How many files and sockets the system lets this process have open (RLIMIT_NOFILE).</summary>
/// <remarks>The .NET runtime raises the soft limit to the hard one before any code of ours runs; a test holds it to that.</remarks>
internal static partial class DescriptorLimit
{
    /// <summary>Where the system has no such limit.</summary>
    private const int Unlimited = 65_536;

    /// <summary>The limit now in force.</summary>
    public static int Current
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                return Unlimited;
            }

            var openFiles = OperatingSystem.IsLinux() ? 7 : 8; // RLIMIT_NOFILE; 8 on macOS and the BSDs
            return GetLimit(openFiles, out var limit) == 0 ? (int)Math.Min(limit.Soft, Unlimited) : Unlimited;
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
