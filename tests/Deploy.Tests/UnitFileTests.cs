using System.ComponentModel;

namespace LoraOnnx.Deploy.Tests;

/// <summary>deploy/systemd, as systemd itself reads it.</summary>
public sealed class UnitFileTests
{
    [Fact]
    public void Systemd_finds_nothing_wrong_with_the_unit()
    {
        using var folder = new TemporaryFolder();
        var text = File.ReadAllText(Repository.Path("deploy", "systemd", "lora-serve.service"));
        var unit = folder.Write("lora-serve.service",
            text.Replace("/opt/lora-onnx/lora-serve", Repository.Path("bin", "lora-serve"), StringComparison.Ordinal));

        try
        {
            var result = Command.Run("systemd-analyze", ["verify", "--man=no", unit]);
            Assert.True(result.ExitCode == 0 && result.Error.Length == 0, result.ToString());
        }
        catch (Win32Exception)
        {
            Assert.Skip("there is no systemd-analyze on this machine.");
        }

        Assert.Contains("Type=notify\n", text, StringComparison.Ordinal);
    }
}
