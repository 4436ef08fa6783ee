using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Grpc.Core;
using Grpc.Health.V1;
using LoraOnnx.Client;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using TritonInference;

namespace LoraOnnx.Serving.Tests.Operation;

public sealed class SecurityTests : IDisposable
{
    private const string UserKey = "user-key-0123456789";
    private const string AdminKey = "admin-key-0123456789";

    private readonly string _directory = Directory.CreateTempSubdirectory("lora-serve-security-").FullName;
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificates.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_key_is_asked_for_and_its_role_decides_what_it_opens_in_every_protocol()
    {
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with
        {
            Access = [new ApiKeyScheme(Write("keys", $"# comment\nuser alice {UserKey}\nadmin root {AdminKey}\n"))],
        });
        var channel = server.Connect();
        var sentiment = new Sentiment.SentimentClient(channel);
        var admin = new Admin.AdminClient(channel);
        var kserve = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var swap = new SwapModelRequest { Name = "demo" };
        using var http = server.Http();

        async Task<StatusCode> StatusAsync(Func<Metadata, Task> call, string? key)
        {
            try
            {
                await call(key is null ? [] : new Metadata { { "authorization", $"Bearer {key}" } });
                return StatusCode.OK;
            }
            catch (RpcException failure)
            {
                return failure.StatusCode;
            }
        }

        async Task<HttpStatusCode> HttpStatusAsync(HttpMethod method, string path, string? key)
        {
            using var request = new HttpRequestMessage(method, path);
            if (key is not null)
            {
                request.Headers.Add("x-api-key", key);
            }

            using var response = await http.SendAsync(request, Cancel);
            return response.StatusCode;
        }

        Task Predict(Metadata headers) => sentiment.PredictAsync(new PredictRequest { Text = "x" }, headers, cancellationToken: Cancel).ResponseAsync;
        Task Swap(Metadata headers) => admin.SwapModelAsync(swap, headers, cancellationToken: Cancel).ResponseAsync;
        Task Load(Metadata headers) =>
            kserve.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "demo" }, headers, cancellationToken: Cancel).ResponseAsync;
        string?[] keys = [null, "wrong-key-0123456789", UserKey, AdminKey];

        Assert.Equal([StatusCode.Unauthenticated, StatusCode.Unauthenticated, StatusCode.OK, StatusCode.OK],
            await Task.WhenAll(keys.Select(key => StatusAsync(Predict, key))));
        Assert.Equal([StatusCode.Unauthenticated, StatusCode.Unauthenticated, StatusCode.PermissionDenied, StatusCode.OK],
            await Task.WhenAll(keys.Select(key => StatusAsync(Swap, key))));
        Assert.Equal([StatusCode.Unauthenticated, StatusCode.Unauthenticated, StatusCode.PermissionDenied, StatusCode.OK],
            await Task.WhenAll(keys.Select(key => StatusAsync(Load, key))));
        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK],
            await Task.WhenAll(keys.Select(key => HttpStatusAsync(HttpMethod.Get, "v1/models", key))));
        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            // Routes match in any case.
            await Task.WhenAll(keys.Select(key => HttpStatusAsync(HttpMethod.Post, "V2/Repository/models/demo/load", key))));
        Assert.Equal(HttpStatusCode.Unauthorized, await HttpStatusAsync(HttpMethod.Get, "metrics", null));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK],
            [await HttpStatusAsync(HttpMethod.Get, "", null), await HttpStatusAsync(HttpMethod.Get, "health", null)]);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving,
            (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel)).Status);
    }

    [Fact]
    public async Task Keys_are_read_again_when_their_mounted_file_changes()
    {
        using var files = new MountedFiles();
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with
        {
            Access = [new ApiKeyScheme(files.Mount(("keys", $"user alice {UserKey}\n")))],
        });

        async Task<bool> OpensAsync(string key)
        {
            using var client = new SentimentClient(server.GrpcAddress, new SentimentClientOptions { ApiKey = key });
            try
            {
                await client.PredictAsync("x", PredictOptions.Default, Cancel);
                return true;
            }
            catch (RpcException failure) when (failure.StatusCode == StatusCode.Unauthenticated)
            {
                return false;
            }
        }

        Assert.True(await OpensAsync(UserKey));
        files.Mount(("keys", $"user bob {AdminKey}\n"));

        await WaitAsync(OpensAsync, AdminKey, true);
        Assert.False(await OpensAsync(UserKey));
    }

    [Fact]
    public async Task Without_keys_administrative_calls_are_for_loopback_and_never_for_web_pages()
    {
        var engine = new TestEngine();
        await using var open = await TestServer.StartAsync(engine, TestServer.Options with { Host = "0.0.0.0" });
        await using var loopback = await TestServer.StartAsync(engine);
        using var http = loopback.Http();
        http.DefaultRequestHeaders.Add("Origin", "https://example.com");

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            new Admin.AdminClient(open.Connect()).SwapModelAsync(new SwapModelRequest { Name = "demo" }, cancellationToken: Cancel).ResponseAsync);
        using var fromPage = await http.PostAsync("v2/repository/models/demo/unload", null, Cancel);
        var allowed = await new Admin.AdminClient(loopback.Connect()).SwapModelAsync(new SwapModelRequest { Name = "demo" },
            cancellationToken: Cancel);

        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, fromPage.StatusCode);
        Assert.Equal("demo", allowed.Model.Name);
    }

    [Fact]
    public async Task TLS_serves_both_ports_and_follows_the_certificate_file()
    {
        var path = Write("server.pem", _certificates.Sign("first", forClient: false));
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with { TlsCertificate = path });

        async Task<string> NameAsync()
        {
            var name = "";
            using var handler = _certificates.Handler(null, seen => name = seen);
            using var client = new SentimentClient($"https://{server.GrpcAddress}", new SentimentClientOptions { Handler = handler });
            await client.PredictAsync("x", PredictOptions.Default, Cancel);
            return name;
        }

        using var handler = _certificates.Handler(null);
        using var http = new HttpClient(handler);
        using var rest = await http.PostAsJsonAsync($"https://127.0.0.1:{server.HttpAddress.Port}/v1/predict", new { text = "x" }, Cancel);
        var before = await NameAsync();
        Write("server.pem", _certificates.Sign("second", forClient: false));

        Assert.Equal(HttpStatusCode.OK, rest.StatusCode);
        Assert.Equal("CN=first", before);
        await WaitAsync(async name => await NameAsync() == name, "CN=second", true);
    }

    [Fact]
    public async Task Mutual_TLS_lets_in_only_clients_that_the_authority_has_signed()
    {
        using var strangers = new TestCertificates();
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with
        {
            TlsCertificate = Write("server.pem", _certificates.Sign("server", forClient: false)),
            ClientCertificateAuthority = Write("ca.pem", _certificates.AuthorityPem),
        });

        async Task<bool> EntersAsync(string? clientPem)
        {
            using var handler = _certificates.Handler(clientPem);
            using var client = new SentimentClient($"https://{server.GrpcAddress}", new SentimentClientOptions { Handler = handler });
            try
            {
                await client.PredictAsync("x", PredictOptions.Default, Cancel);
                return true;
            }
            catch (RpcException failure) when (failure.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
            {
                return false;
            }
        }

        Assert.True(await EntersAsync(_certificates.Sign("friend", forClient: true)));
        Assert.False(await EntersAsync(null));
        Assert.False(await EntersAsync(strangers.Sign("stranger", forClient: true)));
        Assert.False(await EntersAsync(_certificates.Sign("a server", forClient: false)));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_before_it_is_read()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { MaxMessageMebibytes = 1, MaxTextChars = 100 << 20 });
        engine.Forget();

        var failure = await Assert.ThrowsAsync<RpcException>(() =>
            new Sentiment.SentimentClient(server.Connect()).PredictAsync(new PredictRequest { Text = new string('x', 2 << 20) },
                cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Empty(engine.Batches);
    }

    /// <summary>Writes a file, over what is there, and says where it is.</summary>
    private string Write(string name, string content)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static async Task WaitAsync(Func<string, Task<bool>> ask, string key, bool expected)
    {
        var started = Stopwatch.GetTimestamp();
        while (await ask(key) != expected)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience.Time, $"{key} was not {expected} in time");
            await Task.Delay(100, Cancel);
        }
    }
}
