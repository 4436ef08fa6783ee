using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Security;

/// <summary>Tokens of an OpenID Connect issuer, beside API keys and alone.</summary>
public sealed class JwtTests(DemoOnnx demo) : IAsyncLifetime
{
    private const string Key = "user-key-0123456789";

    private readonly TemporaryFolder _folder = new();
    private TestIssuer _issuer = null!; // set before any test runs

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _issuer = await TestIssuer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_token_is_a_user_and_an_administrator_only_with_the_scope()
    {
        await using var server = await StartAsync();
        (string? Token, int Lists, int Loads)[] cases =
        [
            (null, 401, 401),
            ("nonsense", 401, 401),
            ("a.b.c", 401, 401),
            (_issuer.Token("alice"), 200, 403),
            (_issuer.Token("alice", claims: ("scope", "read models:admin")), 200, 200),
            (_issuer.Token("alice", claims: ("scp", new[] { "read", "models:admin" })), 200, 200),
            (_issuer.Token("alice", claims: ("scope", "models:administrate")), 200, 403),
            (_issuer.Token("alice", claims: ("role", "admin")), 200, 403),
            (_issuer.Token("alice", claims: ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "admin")), 200, 403),
            (_issuer.Token("alice", audience: "others"), 401, 401),
            (_issuer.Token("alice", expired: true), 401, 401),
            (_issuer.Token(null), 401, 401),
            (_issuer.Forged("alice"), 401, 401),
            (Unsigned(_issuer.Token("alice")), 401, 401),
            (Key, 200, 403),
        ];

        foreach (var (token, lists, loads) in cases)
        {
            var got = (await AskAsync(server, HttpMethod.Get, "v1/models", token),
                await AskAsync(server, HttpMethod.Post, "v2/repository/models/demo/load", token));
            Assert.True(got == (lists, loads), $"{token}: {got}, expected {(lists, loads)}");
        }
    }

    [Fact]
    public async Task The_subject_names_the_caller_in_metrics_and_a_refusal_says_how_to_come_again()
    {
        await using var server = await StartAsync();
        await AskAsync(server, HttpMethod.Get, "v1/models", _issuer.Token("alice\u0007" + new string('x', 100)));
        await AskAsync(server, HttpMethod.Get, "v1/models", Key);
        using var http = server.Http();
        using var refused = await http.GetAsync("v1/models", Cancel);
        http.DefaultRequestHeaders.Add("x-api-key", Key);

        var metrics = await http.GetStringAsync("metrics", Cancel);

        Assert.Contains($"caller=\"alice?{new string('x', 58)}\"", metrics, StringComparison.Ordinal);
        Assert.Contains("caller=\"bob\"", metrics, StringComparison.Ordinal);
        Assert.Contains("outcome=\"unauthenticated\"", metrics, StringComparison.Ordinal);
        Assert.Equal("Bearer realm=\"lora-serve\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Contains("a token of http://127.0.0.1", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_scopes_name_no_token_administers()
    {
        await using var server = await TestServer.StartAsync(
            new TestEngine(), TestServer.Options with { Access = [new JwtScheme(_issuer.Authority, TestIssuer.Audience, adminScope: null)] });

        Assert.Equal(
            403, await AskAsync(server, HttpMethod.Post, "v2/repository/models/demo/load", _issuer.Token("alice", claims: ("scope", "admin"))));
        Assert.Equal(200, await AskAsync(server, HttpMethod.Get, "v1/models", _issuer.Token("alice")));
    }

    [Fact]
    public async Task The_program_takes_the_options_together_and_ends_where_the_issuer_does_not_answer()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var nobody = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        silent.Stop();
        (string[] Arguments, string Expected)[] cases =
        [
            (["--jwt-authority", $"{_issuer.Authority}"], "--jwt-authority needs --jwt-audience"),
            (["--jwt-audience", "x"], "--jwt-audience needs --jwt-authority"),
            (["--jwt-admin-scope", "x"], "--jwt-admin-scope needs --jwt-authority"),
            (["--jwt-authority", "http://example.com", "--jwt-audience", "x"], "expected https://HOST[/PATH], or http:// on loopback"),
            (["--jwt-authority", nobody, "--jwt-audience", "x"], $"--jwt-authority {nobody}/: its metadata cannot be read: Connection refused"),
            (["--jwt-authority", $"{_issuer.Authority}elsewhere", "--jwt-audience", "x"], "its metadata cannot be read"),
        ];
        foreach (var (arguments, expected) in cases)
        {
            var result = Command.Run(ServerProcess.Program, ["--model", "no/such/model", .. arguments]); // found before models are looked for

            Assert.True(result.ExitCode == 1 && result.Error.TrimEnd().Split('\n').Length <= 3
                && result.Error.Contains(expected, StringComparison.Ordinal), $"{expected}\n{result}");
        }

        using var server = await ServerProcess.StartAsync(
            "--model", $"demo={demo.Path}", "--log-calls", "--jwt-authority", $"{_issuer.Authority}", "--jwt-audience", TestIssuer.Audience);
        var answer = Command.Run(ServerProcess.Program,
            ["predict", "--address", server.GrpcAddress, "--api-key", _issuer.Token("alice"), "wonderful"]);
        var refused = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "wonderful"]);
        await server.EndAsync("TERM");

        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Contains("Unauthenticated", refused.Error, StringComparison.Ordinal);
        Assert.Contains("for 'alice'", await server.Error, StringComparison.Ordinal);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(new TestEngine(), TestServer.Options with
    {
        Access = [new ApiKeyScheme(_folder.Write("keys", $"user bob {Key}\n")),
            new JwtScheme(_issuer.Authority, TestIssuer.Audience, "models:admin")],
    });

    private static async Task<int> AskAsync(TestServer server, HttpMethod method, string path, string? token)
    {
        using var http = server.Http();
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(new HttpRequestMessage(method, path), Cancel);
        return (int)response.StatusCode;
    }

    /// <summary>The same claims under "alg": "none".</summary>
    private static string Unsigned(string token) => $"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{token.Split('.')[1]}.";
}
