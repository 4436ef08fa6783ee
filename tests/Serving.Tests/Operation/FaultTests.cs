using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Model;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Operation;

/// <summary>What a client or a disk can do to a server, while another client calls without a pause: it must not notice.</summary>
public sealed class FaultTests(DemoOnnx demo) : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private readonly TimeAhead _time = new();
    private TestServer _server = null!; // set before any test runs
    private SteadyClient _bystander = null!; // as above

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(
            _engine, TestServer.Options with { Workers = 1, QueueTokens = 10_000 }, _time);
        _bystander = new SteadyClient(_server.GrpcAddress, _engine);
    }

    /// <summary>After every test: the bystander met no error, and nothing is left of the calls that failed.</summary>
    public async ValueTask DisposeAsync()
    {
        var calls = await _bystander.StopAsync();
        _bystander.Dispose();
        await Wait.UntilAsync(() => _server.Host.Services.GetRequiredService<ServerState>().Calls == 0
            && _server.Host.Catalog.Models.All(entry => entry.Model.Work.QueuedTexts == 0));
        await _server.DisposeAsync();
        Assert.True(calls > 0, "the bystander made no call");
    }

    [Fact]
    public async Task Clients_that_cancel()
    {
        var client = new Sentiment.SentimentClient(_server.Connect());
        for (var i = 0; i < 300; i++)
        {
            using var giveUp = new CancellationTokenSource();
            var unary = client.PredictAsync(new PredictRequest { Text = $"cancelled {i}" }, cancellationToken: giveUp.Token).ResponseAsync;
            var batch = client.PredictBatchAsync(new PredictBatchRequest { Texts = { Enumerable.Range(0, 20).Select(text => $"{i} {text}") } },
                cancellationToken: giveUp.Token).ResponseAsync;
            using var stream = client.PredictStream(cancellationToken: giveUp.Token);
            await stream.RequestStream.WriteAsync(new PredictStreamRequest { Request = new PredictRequest { Text = "x" } }, Cancel);
            await giveUp.CancelAsync();
            await Task.WhenAny(unary);
            await Task.WhenAny(batch);
        }
    }

    [Fact]
    public async Task Texts_whose_deadline_has_passed_are_never_run()
    {
        const int Texts = 50;
        var channel = _server.Connect();
        var client = new Sentiment.SentimentClient(channel);
        var work = _server.Host.Catalog.Models[0].Model.Work;
        _engine.Hold();
        _engine.Forget();
        await Wait.UntilAsync(() => _engine.BatchCount == 1); // the bystander has the only worker

        var calls = Enumerable.Range(0, Texts).Select(i => client.PredictAsync(
            new PredictRequest { Text = $"hurry {i}" }, deadline: DateTime.UtcNow.AddHours(1), cancellationToken: Cancel).ResponseAsync).ToArray();
        await Wait.UntilAsync(() => work.QueuedTexts == Texts);
        _time.GoOn(TimeSpan.FromHours(2));
        _engine.LetGo();
        foreach (var call in calls)
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => call);
            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        }

        Assert.All(Enumerable.Range(0, Texts), i => Assert.Equal(0, _engine.RunsOf($"hurry {i}")));
    }

    [Fact]
    public async Task Connections_that_break_off_or_never_go_on()
    {
        var halfOpen = new List<TcpClient>();
        byte[] preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]; // and an empty SETTINGS frame
        byte[] startOfHeaders = [0, 0, 50, 1, 0, 0, 0, 0, 1, 0x83]; // HEADERS of 50 bytes, of which one comes
        foreach (var port in new[] { _server.Host.GrpcAddress.Port, _server.Host.HttpAddress.Port })
        {
            for (var i = 0; i < 50; i++)
            {
                var connection = new TcpClient();
                await connection.ConnectAsync("127.0.0.1", port, Cancel);
                var stream = connection.GetStream();
                await stream.WriteAsync(i % 3 == 0 ? [] : i % 3 == 1 ? preface : [.. preface, .. startOfHeaders], Cancel);
                halfOpen.Add(connection);
                if (i % 2 == 0)
                {
                    connection.LingerState = new LingerOption(true, 0); // RST instead of FIN
                    connection.Dispose();
                }
            }
        }

        using var client = new SentimentClient(_server.GrpcAddress);
        Assert.NotEmpty((await client.PredictAsync("still here", PredictOptions.Default, Cancel)).Label);
        halfOpen.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task A_text_of_four_megabytes_is_refused_by_its_length_and_answered_where_that_is_allowed()
    {
        var client = new Sentiment.SentimentClient(_server.Connect());
        var text = string.Concat(Enumerable.Repeat("good ", (4 << 20) / 5));
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Text = text }, cancellationToken: Cancel).ResponseAsync);
        await using var tolerant = await TestServer.StartAsync(_engine, TestServer.Options with { MaxTextChars = 10 << 20 });

        var answer = await new Sentiment.SentimentClient(tolerant.Connect()).PredictAsync(new PredictRequest { Text = text },
            cancellationToken: Cancel);

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.True(refused.Status.Detail.Length < 200, "an error must not carry the text");
        Assert.Equal((512u, true), (answer.Tokens, answer.Truncated));
        Assert.True(answer.TotalTokens > 800_000, $"{answer.TotalTokens}");
    }

    [Fact]
    public async Task Bytes_that_are_not_a_message_or_not_UTF8()
    {
        var bytes = new Marshaller<byte[]>(message => message, message => message);
        var predict = new Method<byte[], byte[]>(MethodType.Unary, "lora_onnx.v1.Sentiment", "Predict", bytes, bytes);
        var invoker = _server.Connect().CreateCallInvoker();
        byte[][] broken =
        [
            [10, 2, 0xff, 0xfe], // text: two bytes that are not UTF-8
            [10, 200, 1], // text of 200 bytes that are not there
            [0xff, 0xff, 0xff],
            [.. Enumerable.Repeat((byte)11, 100)], // groups in groups
        ];
        foreach (var message in broken)
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => invoker.AsyncUnaryCall(predict, null, default, message).ResponseAsync);
            Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        }
    }

    [Fact]
    public async Task Enum_values_that_do_not_exist()
    {
        var client = new Sentiment.SentimentClient(_server.Connect());
        foreach (var value in new[] { -1, 5, 77, int.MaxValue })
        {
            foreach (var call in new Func<Task>[]
            {
                () => client.PredictAsync(new PredictRequest { Truncation = (Truncation)value }, cancellationToken: Cancel).ResponseAsync,
                () => client.PredictBatchAsync(new PredictBatchRequest { Texts = { "x" }, Truncation = (Truncation)value },
                    cancellationToken: Cancel).ResponseAsync,
                () => client.TokenizeAsync(new TokenizeRequest { OffsetUnit = (OffsetUnit)value }, cancellationToken: Cancel).ResponseAsync,
            })
            {
                Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
            }
        }
    }

    [Fact]
    public async Task A_model_file_that_turns_to_garbage_during_a_swap()
    {
        var directory = Directory.CreateTempSubdirectory("lora-serve-fault-").FullName;
        foreach (var file in Directory.GetFiles(demo.Path))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }

        await using var server = await TestServer.StartAsync((LoadEngine?)null,
            TestServer.Options with { Models = [$"demo={directory}"], Device = ComputeDevice.Cpu });
        var channel = server.Connect();
        var client = new Sentiment.SentimentClient(channel);
        var whole = await File.ReadAllBytesAsync(Path.Combine(directory, "model.onnx"), Cancel);
        var before = await client.PredictAsync(new PredictRequest { Text = "a wonderful film", IncludeLogits = true }, cancellationToken: Cancel);
        byte[][] garbage = [[], Encoding.UTF8.GetBytes("garbage"), whole[..(whole.Length / 2)],
            [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 31 % 251))]];

        foreach (var content in garbage)
        {
            await File.WriteAllBytesAsync(Path.Combine(directory, "model.onnx"), content, Cancel);
            var failure = await Assert.ThrowsAsync<RpcException>(() =>
                new Admin.AdminClient(channel).SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel).ResponseAsync);
            var after = await client.PredictAsync(new PredictRequest { Text = "a wonderful film", IncludeLogits = true }, cancellationToken: Cancel);

            Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
            Assert.Equal((before.ModelVersion, before.Logits), (after.ModelVersion, after.Logits));
        }

        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A client that calls without a pause and checks every answer.</summary>
    private sealed class SteadyClient : IDisposable
    {
        private readonly CancellationTokenSource _done = new();
        private readonly Task<int> _calling;

        public SteadyClient(string address, TestEngine engine) => _calling = CallAsync(address, engine);

        public async Task<int> StopAsync()
        {
            await _done.CancelAsync();
            return await _calling;
        }

        public void Dispose() => _done.Dispose();

        private async Task<int> CallAsync(string address, TestEngine engine)
        {
            using var client = new SentimentClient(address, new SentimentClientOptions { Timeout = Patience.Time });
            var calls = 0;
            do
            {
                var text = $"steady {calls++}";
                var answer = await client.PredictAsync(text, PredictOptions.Default with { IncludeLogits = true }, CancellationToken.None);
                Assert.Equal(engine.LogitsFor(text), answer.Logits);
            }
            while (!_done.IsCancellationRequested);

            return calls;
        }
    }
}
