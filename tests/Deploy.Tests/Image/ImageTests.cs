using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LoraOnnx.Client;

namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>deploy/Dockerfile without Docker: its own commands publish, and what they publish runs as its image would.</summary>
public sealed partial class ImageTests(PublishedImage image, ServedModels models) : IClassFixture<PublishedImage>
{
    private const long Largest = 60_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void What_is_inside_has_at_most_60_MB_and_one_platform()
    {
        Assert.All([image.Serve, image.Score], folder =>
        {
            Assert.True(PublishedImage.BytesOf(folder) <= Largest, $"{folder} has {PublishedImage.BytesOf(folder):n0} bytes.");
            Assert.False(Directory.Exists(Path.Combine(folder, "runtimes")), "there are other platforms' files.");
            Assert.True(File.Exists(Path.Combine(folder, "libonnxruntime.so")));
        });
    }

    [Fact]
    public async Task It_serves_without_rights_from_a_read_only_root_and_finds_itself_healthy()
    {
        string[] command = [.. image.File.Words("serve", "ENTRYPOINT"), .. image.File.Words("serve", "CMD"), "--grpc-port", "0", "--http-port", "0"];
        using var server = Confined.Start(image.Serve, models.Path, command);
        var errors = server.StandardError.ReadToEndAsync(Cancel);
        try
        {
            var (grpc, http) = await AddressesAsync(server.StandardOutput, errors);
            using var client = new SentimentClient($"127.0.0.1:{grpc}", new SentimentClientOptions());
            var answer = await client.PredictAsync("a great film", PredictOptions.Default, Cancel);
            var health = Confined.Run(image.Serve, models.Path, [.. image.File.Words("serve", "HEALTHCHECK"), "--address", $"127.0.0.1:{http}"]);
            var status = File.ReadAllText($"/proc/{Confined.ProgramOf(server)}/status");

            Assert.Equal("tiny", answer.Model);
            Assert.Equal((0, "ready\n"), (health.ExitCode, health.Output));
            Assert.Matches(@"Uid:\s65532\s65532\s65532\s65532\n", status);
            Assert.Matches(@"CapPrm:\s0+\n", status);
            Assert.Equal("65532:65532", image.File.Last("serve", "USER"));

            Command.Run("kill", ["-TERM", Confined.ProgramOf(server).ToString(CultureInfo.InvariantCulture)]);
            await server.WaitForExitAsync(Cancel);
            Assert.Equal(143, server.ExitCode);
            Assert.Contains($"memory limit: {Confined.Mebibytes} MiB", await errors, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }

        var gone = Confined.Run(image.Serve, models.Path, [.. image.File.Words("serve", "HEALTHCHECK"), "--address", "127.0.0.1:1"]);
        Assert.True(gone.ExitCode == 1 && gone.Error.Contains("error: no server answers at 127.0.0.1:1", StringComparison.Ordinal), gone.ToString());
    }

    [Fact]
    public void The_image_of_lora_score_runs_there_too()
    {
        Requirement.SkipUnless(Environment.UserName == "root", "only root may make mounts and a root of its own.");

        var help = Confined.Run(image.Score, models.Path, [.. image.File.Words("score", "ENTRYPOINT"), "--help"]);

        Assert.True(help.ExitCode == 0 && help.Output.Contains("--shard", StringComparison.Ordinal), help.ToString());
    }

    [Fact]
    public void PublishContainer_makes_the_image_of_the_Dockerfile()
    {
        var archive = Repository.Path("artifacts", "image", "lora-serve.tar");
        using (var registry = new BaseImage())
        {
            BuildContext.Run("publish", "src/Serving", "-t:PublishContainer", "-r", "linux-x64", "--self-contained", "false",
                $"-p:ContainerBaseImage={registry.Name}", $"-p:ContainerArchiveOutputPath={archive}");
        }

        var (config, files) = Read(archive);

        Assert.Equal(image.File.Words("serve", "ENTRYPOINT"), Strings(config.GetProperty("Entrypoint")));
        Assert.Equal(image.File.Words("serve", "CMD"), Strings(config.GetProperty("Cmd")));
        Assert.Equal(image.File.Last("serve", "USER"), config.GetProperty("User").GetString());
        Assert.Contains(image.File.Last("serve", "ENV"), Strings(config.GetProperty("Env")));
        Assert.Equal(image.File.Last("serve", "EXPOSE").Split(' ').Select(port => $"{port}/tcp").Order(StringComparer.Ordinal),
            config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Directory.GetFiles(image.Serve).Select(file => $"app/{Path.GetFileName(file)}").Order(StringComparer.Ordinal), files);
        Assert.Equal("noble-chiseled", BuildContext.Property("src/Serving", "ContainerFamily"));
        Assert.Contains(":10.0-noble-chiseled", File.ReadAllText(Repository.Path("deploy", "Dockerfile")), StringComparison.Ordinal);
    }

    private static async Task<(string Grpc, string Http)> AddressesAsync(TextReader output, Task<string> errors)
    {
        var lines = "";
        while (await output.ReadLineAsync(Cancel) is { } line)
        {
            lines += line + "\n";
            if (Listening().Match(lines) is { Success: true } match)
            {
                return (match.Groups[1].Value, match.Groups[2].Value);
            }
        }

        throw new InvalidOperationException($"The server did not start: {lines}{await errors}");
    }

    /// <summary>The configuration of an image in Docker's archive, and the files of its last layer.</summary>
    private static (JsonElement Config, IEnumerable<string> Files) Read(string archive)
    {
        var entries = Entries(File.ReadAllBytes(archive));
        var manifest = JsonDocument.Parse(entries["manifest.json"]).RootElement[0];
        var config = JsonDocument.Parse(entries[manifest.GetProperty("Config").GetString()!]).RootElement.GetProperty("config"); // it is named
        var layer = entries[manifest.GetProperty("Layers").EnumerateArray().Last().GetString()!]; // so are its layers
        return (config, Entries(Unpacked(layer)).Keys.Order(StringComparer.Ordinal));
    }

    private static Dictionary<string, byte[]> Entries(byte[] archive)
    {
        using var reader = new TarReader(new MemoryStream(archive));
        var entries = new Dictionary<string, byte[]>();
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data)
            {
                using var bytes = new MemoryStream();
                data.CopyTo(bytes);
                entries[entry.Name.TrimStart('/')] = bytes.ToArray();
            }
        }

        return entries;
    }

    private static byte[] Unpacked(byte[] packed)
    {
        using var gzip = new System.IO.Compression.GZipStream(new MemoryStream(packed), System.IO.Compression.CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static IEnumerable<string?> Strings(JsonElement array) => array.EnumerateArray().Select(item => item.GetString());

    [GeneratedRegex(@"listening: grpc \S+:(\d+)\nlistening: http://\S+:(\d+)/")]
    private static partial Regex Listening();
}
