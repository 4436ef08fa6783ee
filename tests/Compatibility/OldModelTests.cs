using System.Reflection;
using System.Runtime.Loader;

namespace LoraOnnx.Compatibility.Tests;

/// <summary>The ONNX directory and the client's assembly as they were built at e149586.</summary>
public sealed class OldModelTests : IDisposable
{
    private readonly OldFiles _old = new();

    public void Dispose() => _old.Dispose();

    [Fact]
    public async Task An_old_ONNX_directory_gives_its_old_answers()
    {
        using var server = await ServerProcess.StartAsync("--model", _old["onnx"]);

        await OldAnswers.Check(server);
    }

    [Fact]
    public async Task The_old_client_is_answered()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={_old["onnx"]}");
        var assembly = OldClient();
        dynamic options = Activator.CreateInstance(assembly.GetType("LoraOnnx.Client.PredictOptions", throwOnError: true)!)!;
        var type = assembly.GetType("LoraOnnx.Client.SentimentClient", throwOnError: true)!;
        var cancellation = TestContext.Current.CancellationToken;
        using var disposed = (IDisposable)Activator.CreateInstance(type, server.GrpcAddress)!;
        dynamic client = disposed;
        var texts = OldAnswers.All.Select(answer => answer.Text).ToArray();

        var alone = new List<string>();
        foreach (var text in texts)
        {
            alone.Add((await client.PredictAsync(text, options, cancellation)).Label);
        }

        var batch = new List<string>();
        foreach (var item in await client.PredictBatchAsync(texts, options, cancellation))
        {
            batch.Add(item.Prediction.Label);
        }

        var models = new List<string>();
        foreach (var model in await client.ListModelsAsync(cancellation))
        {
            models.Add(model.Name);
        }

        Assert.Equal(OldAnswers.All.Select(answer => answer.Label), alone);
        Assert.Equal(alone, batch);
        Assert.Equal(["sentiment"], models);
    }

    /// <summary>Beside today's client of the same name, with today's gRPC libraries.</summary>
    private Assembly OldClient() => new AssemblyLoadContext("e149586").LoadFromAssemblyPath(_old["LoraOnnx.Client.dll"]);
}
