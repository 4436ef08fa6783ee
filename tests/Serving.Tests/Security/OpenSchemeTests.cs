using System.Net;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace LoraOnnx.Serving.Tests.Security;

/// <summary>Who is taken for the administrator of a server without keys.</summary>
public sealed class OpenSchemeTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", "localhost", true)]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1:8080", true)]
    [InlineData("::1", "::1", "[::1]:8080", true)]
    [InlineData("::ffff:127.0.0.1", "::ffff:127.0.0.1", "LOCALHOST:50051", true)]
    [InlineData("192.0.2.1", "127.0.0.1", "localhost", false)]
    [InlineData("127.0.0.1", "192.0.2.1", "localhost", false)]
    [InlineData(null, null, "localhost", false)]
    [InlineData("127.0.0.1", "127.0.0.1", "example.com", false)]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1.example.com", false)]
    [InlineData("127.0.0.1", "127.0.0.1", "192.0.2.1", false)]
    [InlineData("127.0.0.1", "127.0.0.1", "", false)]
    public void The_connections_own_addresses_and_the_name_it_was_called_by_decide(string? remote, string? local, string host, bool expected) =>
        Assert.Equal(expected, OpenScheme.IsLocal(Request(remote, local, host)));

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("x-forwarded-host", "localhost")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("CF-Connecting-IP", "127.0.0.1")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost:8080")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    public void A_sign_of_a_proxy_or_of_a_web_page_is_enough_against_it(string header, string value)
    {
        var request = Request("127.0.0.1", "127.0.0.1", "localhost");
        Assert.True(OpenScheme.IsLocal(request));

        request.Request.Headers[header] = value;

        Assert.False(OpenScheme.IsLocal(request));
    }

    [Theory]
    [InlineData("Host", "example.com")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Origin", "http://example.com")]
    public async Task Behind_a_local_proxy_nobody_administers_and_everybody_may_classify(string header, string value)
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        using var http = server.Http();
        using var locally = await http.PostAsync("v2/repository/models/demo/load", null, TestContext.Current.CancellationToken);
        http.DefaultRequestHeaders.Add(header, value);

        using var administers = await http.PostAsync("v2/repository/models/demo/load", null, TestContext.Current.CancellationToken);
        using var lists = await http.GetAsync("v1/models", TestContext.Current.CancellationToken);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            [locally.StatusCode, administers.StatusCode, lists.StatusCode]);
        Assert.Contains("--api-keys", await administers.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static DefaultHttpContext Request(string? remote, string? local, string host)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote);
        context.Connection.LocalIpAddress = local is null ? null : IPAddress.Parse(local);
        context.Request.Host = new HostString(host);
        return context;
    }
}
