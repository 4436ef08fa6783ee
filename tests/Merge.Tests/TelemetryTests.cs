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

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnvironment(string name);
}
