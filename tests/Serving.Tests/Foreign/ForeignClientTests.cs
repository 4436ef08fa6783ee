using System.ComponentModel;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Foreign;

/// <summary>Clients that share no code with the server.</summary>
public sealed class ForeignClientTests(DemoOnnx demo)
{
    private const string Python = "/usr/bin/python3"; // Debian's, with python3-grpcio

    [Fact]
    public async Task Pythons_grpcio_speaks_all_three_protocols_with_messages_of_the_upstream_protos()
    {
        Requirement.SkipUnless(File.Exists(Python)
            && Command.Run(Python, ["-c", "import grpc, google.protobuf"]).ExitCode == 0, "Debian's python3-grpcio is not installed.");
        await using var server = await TestServer.StartAsync(
            (LoadEngine?)null, TestServer.Options with { Models = [$"sentiment={demo.Path}"], Device = "cpu" });
        var descriptors = Path.GetTempFileName();
        await File.WriteAllBytesAsync(descriptors, Descriptors().ToByteArray(), TestContext.Current.CancellationToken);

        var result = await Task.Run(
            () => Command.Run(Python, [Repository.Path("tests", "Serving.Tests", "Foreign", "client.py"), server.GrpcAddress, descriptors]),
            TestContext.Current.CancellationToken);

        File.Delete(descriptors);
        Assert.True(result.ExitCode == 0 && result.Output == "ok\n", result.ToString());
    }

    [Fact]
    public async Task Nodes_grpc_js_speaks_all_three_protocols_with_messages_of_the_upstream_protos()
    {
        var modules = Repository.Path("artifacts", "foreign-client"); // installed once, at the versions of the lock file
        var installed = await Task.Run(() => Install(modules), TestContext.Current.CancellationToken);
        Requirement.SkipUnless(installed is null, $"npm could not install @grpc/grpc-js: {installed}");
        await using var server = await TestServer.StartAsync(
            (LoadEngine?)null, TestServer.Options with { Models = [$"sentiment={demo.Path}"], Device = "cpu" });

        var result = await Task.Run(() => Command.Run("node", [Path.Combine(modules, "client.js"), server.GrpcAddress, Repository.Path("protos")]),
            TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0 && result.Output == "ok\n", result.ToString());
    }

    /// <summary>Copies the client beside its packages, which npm installs where they are not there yet. Returns what went wrong, or null.</summary>
    private static string? Install(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "client.js", "package.json", "package-lock.json" })
        {
            File.Copy(Repository.Path("tests", "Serving.Tests", "Foreign", name), Path.Combine(folder, name), overwrite: true);
        }

        try
        {
            var result = Command.Run("npm", ["ci", "--prefix", folder, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]);
            return result.ExitCode == 0 ? null : result.ToString();
        }
        catch (Win32Exception missing)
        {
            return missing.Message;
        }
    }

    /// <summary>The files that the generated code was made from, each after those it imports.</summary>
    private static FileDescriptorSet Descriptors()
    {
        var set = new FileDescriptorSet();
        var known = new HashSet<string>();
        foreach (var file in new[] { V1.SentimentReflection.Descriptor, TextEmbeddingsInference.TeiReflection.Descriptor,
            TritonInference.GrpcServiceReflection.Descriptor })
        {
            Add(file);
        }

        return set;

        void Add(FileDescriptor file)
        {
            foreach (var dependency in file.Dependencies)
            {
                Add(dependency);
            }

            if (known.Add(file.Name))
            {
                set.File.Add(FileDescriptorProto.Parser.ParseFrom(file.SerializedData));
            }
        }
    }
}
