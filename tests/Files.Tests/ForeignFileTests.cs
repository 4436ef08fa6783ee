using System.Net.Sockets;

namespace LoraOnnx.Files.Tests;

public sealed class ForeignFileTests : IDisposable
{
    private const int Limit = 1 << 20;
    private readonly TemporaryFolder _folder = new();

    private string Name(string name) => Path.Combine(_folder.Path, name);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_read_whole_also_through_links()
    {
        var bytes = new byte[200_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Name("file"), bytes);
        File.CreateSymbolicLink(Name("link"), "file");
        File.CreateSymbolicLink(Name("link of a link"), Name("link"));

        Assert.Equal(bytes, Read("file"));
        Assert.Equal(bytes, Read("link of a link"));
        Assert.Equal(bytes.Length, ForeignFile.LengthOf(Name("link")));
        using var stream = ForeignFile.Open(Name("file"));
        Assert.Equal((bytes.Length, true), ((int)stream.Length, stream.CanSeek));
    }

    [Fact]
    public void A_pipe_is_refused_and_does_not_block()
    {
        Requirement.SkipUnless(!OperatingSystem.IsWindows(), "pipes with a name in a folder are for Unix.");
        Assert.Equal(0, Command.Run("mkfifo", [Name("pipe")]).ExitCode);
        File.CreateSymbolicLink(Name("link"), "pipe");

        Assert.Equal($"{Name("pipe")}: is a named pipe, expected a regular file.", Refusal("pipe"));
        Assert.Contains("is a named pipe", Refusal("link"));
    }

    [Fact]
    public void Directories_devices_sockets_and_loops_are_refused_by_name()
    {
        Requirement.SkipUnless(!OperatingSystem.IsWindows(), "devices in folders are for Unix.");
        File.CreateSymbolicLink(Name("zero"), "/dev/zero");
        File.CreateSymbolicLink(Name("loop"), "loop");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Name("socket")));

        Assert.Contains("is a device, expected a regular file.", Refusal("zero"));
        Assert.Contains("is a directory, expected a regular file.", Refusal("."));
        Assert.Contains("is a socket", Refusal("socket"));
        Assert.Contains("cannot be read", Refusal("loop"));
        Assert.Contains("no such file.", Refusal("missing"));
        Assert.Contains("NUL", Refusal("a\0b"));
    }

    [Fact]
    public void A_file_behind_a_link_is_measured_by_what_is_there()
    {
        File.WriteAllBytes(Name("large"), new byte[Limit + 1]);
        File.CreateSymbolicLink(Name("small"), "large");

        Assert.Equal($"{Name("small")}: is larger than 1 MiB; this is not a test.", Refusal("small"));
        File.WriteAllBytes(Name("large"), new byte[Limit]);
        Assert.Equal(Limit, Read("small").Length);
    }

    [Fact]
    public void A_file_that_says_it_is_empty_is_read_by_what_arrives()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");

        Assert.NotEmpty(ForeignFile.ReadBytes("/proc/self/status", Limit, "a test", CancellationToken.None));
        var refusal = Assert.Throws<InputException>(() => ForeignFile.ReadBytes("/proc/self/status", 100, "a test", CancellationToken.None));
        Assert.Contains("is larger than 100 bytes", refusal.Message);
    }

    [Fact]
    public void A_Git_LFS_pointer_is_named_wherever_a_file_is_opened()
    {
        _folder.Write(
            "model", "version https://git-lfs.github.com/spec/v1\noid "
                + "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 267832558\n");

        var error = Assert.Throws<InputException>(() => ForeignFile.Open(Name("model")));

        Assert.Contains("is a Git LFS pointer, not the file itself (which has 267832558 bytes).", error.Message);
        Assert.Contains("git lfs pull", error.Hint);
    }

    [Fact]
    public void Text_is_UTF8_without_its_mark_and_lines_end_as_they_may()
    {
        _folder.Write("text", "\uFEFFone\r\ntwo\n\nlast\n");
        File.WriteAllBytes(Name("latin"), [0x66, 0xFC, 0x72]);

        Assert.Equal(["one", "two", "", "last"], ForeignFile.ReadLines(Name("text"), Limit, "a test", CancellationToken.None));
        Assert.Contains("is not UTF-8",
            Assert.Throws<InputException>(() => ForeignFile.ReadText(Name("latin"), Limit, "a test", CancellationToken.None)).Message);
    }

    [Fact]
    public void Reading_ends_when_it_is_cancelled()
    {
        File.WriteAllBytes(Name("file"), new byte[Limit]);

        Assert.Throws<OperationCanceledException>(() => ForeignFile.ReadBytes(Name("file"), Limit, "a test", new CancellationToken(canceled: true)));
    }

    private byte[] Read(string name) => ForeignFile.ReadBytes(Name(name), Limit, "a test", CancellationToken.None);

    private string Refusal(string name) => Assert.Throws<InputException>(() => Read(name)).Message;
}
