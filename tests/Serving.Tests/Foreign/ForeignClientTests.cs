using Google.Protobuf;
using Google.Protobuf.Reflection;
using LoraOnnx.Model;
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
            (LoadEngine?)null, TestServer.Options with { Models = [$"sentiment={demo.Path}"], Device = ComputeDevice.Cpu });
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
        var modules = await Task.Run(
            () => NodePackages.Install(Repository.Path("tests", "Serving.Tests", "Foreign"), "foreign-client"),
            TestContext.Current.CancellationToken);
        await using var server = await TestServer.StartAsync(
            (LoadEngine?)null, TestServer.Options with { Models = [$"sentiment={demo.Path}"], Device = ComputeDevice.Cpu });

        var result = await Task.Run(() => Command.Run("node", [Path.Combine(modules, "client.js"), server.GrpcAddress, Repository.Path("protos")]),
            TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0 && result.Output == "ok\n", result.ToString());
    }

    [Fact]
    public async Task Tritons_configuration_parses_as_Tritons_and_the_repository_is_served_here_too()
    {
        Requirement.SkipUnless(File.Exists(Python) && Command.Run(Python, ["-c", "import google.protobuf"]).ExitCode == 0,
            "Debian's python3-protobuf is not installed.");
        using var folder = new TemporaryFolder();
        var merged = await Task.Run(() => Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", Golden.DemoModel, "--layout", "triton", "--precision", "int8", "--no-verify", "--out", folder.Path]),
            TestContext.Current.CancellationToken);
        var descriptors = Path.Combine(folder.Path, "descriptors");
        await File.WriteAllBytesAsync(descriptors, Descriptors().ToByteArray(), TestContext.Current.CancellationToken);

        var parsed = await Task.Run(() => Command.Run(Python, [Repository.Path("tests", "Serving.Tests", "Foreign", "model_config.py"),
            Path.Combine(folder.Path, "demo", "config.pbtxt"), descriptors]), TestContext.Current.CancellationToken);
        await using var server = await TestServer.StartAsync((LoadEngine?)null,
            TestServer.Options with { Models = [$"sentiment={Path.Combine(folder.Path, "demo")}"], Device = ComputeDevice.Cpu });

        Assert.True(merged.ExitCode == 0 && parsed.ExitCode == 0, $"{merged}\n{parsed}");
        var config = TritonInference.ModelConfig.Parser.ParseJson(parsed.Output);
        Assert.Equal(("demo", "onnxruntime", "model.int8.onnx"), (config.Name, config.Backend, config.DefaultModelFilename));
        Assert.True(File.Exists(Path.Combine(folder.Path, "demo", "1", config.DefaultModelFilename)));
        Assert.Equal(["input_ids TypeInt64 -1", "attention_mask TypeInt64 -1", "logits TypeFp32 2"], config.Input
            .Select(input => $"{input.Name} {input.DataType} {input.Dims.Single()}")
            .Concat(config.Output.Select(output => $"{output.Name} {output.DataType} {output.Dims.Single()}")));
        Assert.Equal(["NEGATIVE", "POSITIVE"],
            await File.ReadAllLinesAsync(Path.Combine(folder.Path, "demo", config.Output[0].LabelFilename), TestContext.Current.CancellationToken));
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
