using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LoraOnnx.Files.Tests.Attacks;

/// <summary>
/// What may lie where a file is expected, each behind a link, too, read in every way there is: refused, in little memory and no time.
/// </summary>
public sealed class HostileFilesTests : IDisposable
{
    private const int Limit = 1 << 20;
    private const long MostBytes = 8 * Limit;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void None_is_read_beyond_its_limit_or_waited_for()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux(), "devices, pipes and files of holes as Linux has them.");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string[] names = [.. Hostile(socket)];
        (string Name, Func<string, object> Read)[] readers =
        [
            ("bytes", path => ForeignFile.ReadBytes(path, Limit, "a test", Cancel)),
            ("text", path => ForeignFile.ReadText(path, Limit, "a test", Cancel)),
            ("lines", path => ForeignFile.ReadLines(path, Limit, "a test", Cancel)),
        ];
        var report = new StringBuilder();
        var (tried, worst) = (0, 0L);
        foreach (var name in names)
        {
            File.CreateSymbolicLink(Path.Combine(_folder.Path, $"link to {name}"), name);
            var (allocated, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            foreach (var path in new[] { name, $"link to {name}" })
            {
                foreach (var (how, read) in readers)
                {
                    var refusal = Assert.Throws<InputException>(() => read(Path.Combine(_folder.Path, path)));
                    Assert.True(refusal.Message.Length < 500, $"{path} as {how}");
                    tried++;
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            worst = Math.Max(worst, allocated);
            report.AppendLine(CultureInfo.InvariantCulture,
                $"{name}: {allocated / 1048576.0:0.0} MiB allocated, {watch.Elapsed.TotalMilliseconds:0} ms in six readings");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{tried} readings\n{report}");
        Assert.True(worst <= 6 * MostBytes, $"at most {MostBytes >> 20} MiB a reading expected\n{report}");
    }

    private IEnumerable<string> Hostile(Socket socket)
    {
        Assert.Equal(0, Command.Run("mkfifo", [Path.Combine(_folder.Path, "pipe")]).ExitCode);
        yield return "pipe";
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "zero"), "/dev/zero");
        yield return "zero";
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "loop"), "loop");
        yield return "loop";
        Directory.CreateDirectory(Path.Combine(_folder.Path, "folder"));
        yield return "folder";
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.Path, "socket")));
        yield return "socket";
        foreach (var (name, length) in new[] { ("a byte too long", Limit + 1L), ("forty mebibytes", 40L << 20), ("a tebibyte of holes", 1L << 40) })
        {
            using var file = File.Create(Path.Combine(_folder.Path, name));
            file.SetLength(length);
            yield return name;
        }

        yield return "missing";
    }
}
