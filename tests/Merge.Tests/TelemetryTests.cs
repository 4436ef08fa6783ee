using System.Globalization;
using System.Runtime.InteropServices;
using LoraOnnx.Inference;

namespace LoraOnnx.Merge.Tests;

/// <summary>ONNX Runtime sends nothing and keeps nothing: where it does, it writes a device id and a database before it looks up a name.</summary>
public sealed partial class TelemetryTests : IDisposable
{
    private const string Switch = "ORT_DISABLE_TELEMETRY";

    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_program_writes_nothing_into_the_home_of_its_user()
    {
        var home = Directory.CreateDirectory(Path.Combine(_model.Folder, "home")).FullName;
        string[] arguments = ["--model", _model.Checkpoint, "--out", Path.Combine(_model.Folder, "onnx", "model.onnx")];

        var result = Command.Run("env", ["-u", "XDG_CACHE_HOME", "-u", Switch, $"HOME={home}", Repository.Path("bin", "lora-merge"), .. arguments]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("proven", result.Error, StringComparison.Ordinal); // so ONNX Runtime ran
        Assert.Empty(Directory.GetFileSystemEntries(home, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_program_that_uses_the_library_has_it_off_in_the_environment_that_native_code_sees()
    {
        _ = new InferenceOptions();

        Assert.Equal("1", Marshal.PtrToStringUTF8(GetEnvironment(Switch)));
    }

    /// <summary>
    /// In a network of its own, whose only server of names is itself: a question asked would be a datagram sent, and none is. The same network
    /// counts those of a program that does ask.
    /// </summary>
    [Fact]
    public void A_program_looks_up_no_name()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && Alone("true", []).Result.ExitCode == 0, "there are no namespaces for users (unshare).");
        Assert.NotEqual(0, Alone("getent", ["hosts", "a-name.example"]).Datagrams); // the count sees a question

        var (result, datagrams) = Alone("env", ["-u", Switch, $"HOME={_model.Folder}", Repository.Path("bin", "lora-merge"),
            "--model", _model.Checkpoint, "--out", Path.Combine(_model.Folder, "onnx", "model.onnx")]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("proven", result.Error, StringComparison.Ordinal); // so ONNX Runtime ran
        Assert.Equal(0, datagrams);
    }

    /// <summary>Runs a program as the only one of its network and counts the datagrams that it sends.</summary>
    private (CommandResult Result, long Datagrams) Alone(string program, string[] arguments)
    {
        var count = Path.Combine(_model.Folder, "datagrams");
        const string Script = """
            ip link set lo up || exit 97
            printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' > "$0.resolv"
            mount --bind "$0.resolv" /etc/resolv.conf || exit 98
            "$@"
            code=$?
            awk '/^Udp:/ { if (seen++) print $5 }' /proc/net/snmp > "$0"
            exit $code
            """;
        var result = Command.Run("unshare", ["--map-root-user", "--net", "--mount", "sh", "-c", Script, count, program, .. arguments]);
        return (result, File.Exists(count) ? long.Parse(File.ReadAllText(count), CultureInfo.InvariantCulture) : -1);
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnvironment(string name);
}
