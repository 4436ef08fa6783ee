using System.Net;
using System.Net.Http.Headers;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Security;

/// <summary>Every endpoint and every gRPC method of the server, and who may call it.</summary>
public sealed class EndpointRolesTests : IAsyncLifetime
{
    private const string Open = "open";
    private const string Probe = "probe";
    private const string Nobody = "nobody";
    private const string UserKey = "user-key-0123456789";

    /// <summary>All that is not for users.</summary>
    private static readonly Dictionary<string, string> _roles = new()
    {
        ["/"] = Open,
        ["/page.css"] = Open,
        ["/page.js"] = Open,
        ["/texts.js"] = Open,
        ["/favicon.ico"] = Open,
        ["/docs"] = Open,
        ["/docs.js"] = Open,
        ["/scalar.js"] = Open,
        ["/health"] = Probe,
        ["/health/ready"] = Probe,
        ["/health/live"] = Probe,
        ["/v2/health/live"] = Probe,
        ["/v2/health/ready"] = Probe,
        ["/v2/models/{model}/ready"] = Probe,
        ["/v2/models/{model}/versions/{version}/ready"] = Probe,
        ["/grpc.health.v1.Health/Check"] = Probe,
        ["/grpc.health.v1.Health/Watch"] = Probe,
        ["/inference.GRPCInferenceService/ServerLive"] = Probe,
        ["/inference.GRPCInferenceService/ServerReady"] = Probe,
        ["/inference.GRPCInferenceService/ModelReady"] = Probe,
        ["/lora_onnx.v1.Admin/LoadModel"] = Access.Admin,
        ["/lora_onnx.v1.Admin/SwapModel"] = Access.Admin,
        ["/lora_onnx.v1.Admin/UnloadModel"] = Access.Admin,
        ["/inference.GRPCInferenceService/RepositoryModelLoad"] = Access.Admin,
        ["/inference.GRPCInferenceService/RepositoryModelUnload"] = Access.Admin,
        ["/v2/repository/models/{model}/load"] = Access.Admin,
        ["/v2/repository/models/{model}/unload"] = Access.Admin,
    };

    private readonly TemporaryFolder _folder = new();
    private TestServer _server = null!; // set before any test runs

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RouteEndpoint[] Endpoints =>
        [.. _server.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(
        new TestEngine(), TestServer.Options with { Access = [new ApiKeyScheme(_folder.Write("keys", $"user alice {UserKey}\n"))] });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Each_says_its_role_itself()
    {
        var wrong = Endpoints.Where(endpoint => RoleOf(endpoint) != _roles.GetValueOrDefault(PathOf(endpoint), Access.User));

        Assert.Equal([], wrong.Select(endpoint => $"{PathOf(endpoint)} is for {RoleOf(endpoint)}"));
        Assert.Superset(_roles.Keys.ToHashSet(), Endpoints.Select(PathOf).ToHashSet());
        Assert.True(Endpoints.Length > 60, $"{Endpoints.Length} endpoints are not all");
    }

    [Fact]
    public async Task Each_is_closed_to_those_without_the_role_when_it_is_called()
    {
        using var client = new HttpClient();
        var wrong = new List<string>();
        foreach (var endpoint in Endpoints)
        {
            var role = _roles.GetValueOrDefault(PathOf(endpoint), Access.User);
            var (stranger, user) = (await AskAsync(client, endpoint, null), await AskAsync(client, endpoint, UserKey));
            var expected = (role is Open or Probe ? "in" : "401", role == Access.Admin ? "403" : "in");
            if ((stranger, user) != expected)
            {
                wrong.Add($"{PathOf(endpoint)}: {(stranger, user)}, expected {expected}");
            }
        }

        Assert.Equal([], wrong);
    }

    [Theory]
    [InlineData("GET", "no/such/path", 404)]
    [InlineData("GET", "v1/predict", 405)]
    public async Task What_is_no_endpoint_is_told_to_users_only(string method, string path, int status)
    {
        using var http = _server.Http();
        using var stranger = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);
        http.DefaultRequestHeaders.Add("x-api-key", UserKey);
        using var user = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);

        Assert.Equal((401, status), ((int)stranger.StatusCode, (int)user.StatusCode));
    }

    private static string PathOf(RouteEndpoint endpoint) => $"/{endpoint.RoutePattern.RawText!.Trim('/')}"; // ours all have one

    private static string RoleOf(RouteEndpoint endpoint)
    {
        var policies = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(needed => needed.Policy).ToArray();
        return endpoint.Metadata.GetMetadata<ProbeAttribute>() is not null ? Probe
            : endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null ? Open
            : policies.Contains(Access.Admin) ? Access.Admin
            : policies.Contains(Access.User) ? Access.User
            : Nobody;
    }

    /// <summary>401, 403, or "in" for any other answer, in the words of either protocol.</summary>
    private async Task<string> AskAsync(HttpClient client, RouteEndpoint endpoint, string? key)
    {
        var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "GET";
        var isGrpc = PathOf(endpoint).Contains('.', StringComparison.Ordinal) && method == "POST";
        var root = isGrpc ? new Uri($"http://{_server.GrpcAddress}") : _server.HttpAddress;
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(
                root, PathOf(endpoint).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)));
        if (isGrpc)
        {
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            request.Content = new ByteArrayContent(new byte[5]); // an empty message
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var status = response.Headers.TryGetValues("grpc-status", out var values) ? values.Single() : $"{(int)response.StatusCode}";
        return status switch { "16" or "401" => "401", "7" or "403" => "403", _ => "in" };
    }
}
