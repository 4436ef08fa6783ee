using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s.Models;
using LoraOnnx.Client;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>Servers started as the manifests start them, but for where files lie and which port is free.</summary>
public sealed class PodTests(ServedModels models)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_probes_of_the_deployment_pass()
    {
        var container = Manifests.Load<V1Deployment>("base", "deployment.yaml").Spec.Template.Spec.Containers[0];

        using var server = await ServerProcess.StartAsync(Arguments(container, ("/models", models.Path)));

        await ProbeAsync(server, container);
    }

    [Fact]
    public async Task With_the_Secrets_of_the_overlay_probes_pass_by_TLS_and_callers_need_a_key_which_may_be_rotated()
    {
        var original = Manifests.Load<V1Deployment>("base", "deployment.yaml").Spec.Template.Spec.Containers[0];
        var patched = Manifests.Load<V1Deployment>("overlays", "secured", "deployment.yaml").Spec.Template.Spec.Containers[0];
        using var secrets = new TemporaryFolder();
        var keys = secrets.Write("keys/keys", "user alice alice-key-0123456789\n");
        WriteCertificate(secrets);

        using var server = await ServerProcess.StartAsync(Arguments(patched, ("/models", models.Path), ("/etc/lora-serve", secrets.Path)));
        await ProbeAsync(server, original, patched.StartupProbe.HttpGet.Scheme);

        using var http = new HttpClient(Trusting());
        Assert.Equal(HttpStatusCode.Unauthorized, await PredictAsync(http, server, null));
        Assert.Equal(HttpStatusCode.OK, await PredictAsync(http, server, "alice-key-0123456789"));
        await File.WriteAllTextAsync(keys, "user alice alice-key-9876543210\n", Cancel);
        while (await PredictAsync(http, server, "alice-key-9876543210") != HttpStatusCode.OK)
        {
            Cancel.ThrowIfCancellationRequested(); // it is looked at once a second
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await PredictAsync(http, server, "alice-key-0123456789"));
    }

    [Fact]
    public async Task The_runtime_of_KServe_serves_the_model_by_the_name_of_the_service()
    {
        var container = Manifests.Load<ClusterServingRuntime>("kserve", "runtime.yaml").Spec!.Containers[0]; // it has one

        using var server = await ServerProcess.StartAsync(Arguments(container, ("{{.Name}}", "sentiment"), ("/mnt/models", models.Tiny)));

        await ProbeAsync(server, container);
        using var client = new SentimentClient(server.GrpcAddress, new SentimentClientOptions());
        Assert.Equal("sentiment", (await client.PredictAsync("good", PredictOptions.Default, Cancel)).Model);
    }

    /// <summary>Its arguments, without the ports, which the tests choose.</summary>
    private static string[] Arguments(V1Container container, params (string From, string To)[] places) => [.. container.Args
        .Where(argument => argument.Split('=')[0] is not ("--http-port" or "--grpc-port"))
        .Select(argument => places.Append(("0.0.0.0", "127.0.0.1"))
            .Aggregate(argument, (text, place) => text.Replace(place.Item1, place.Item2, StringComparison.Ordinal)))];

    private static async Task ProbeAsync(ServerProcess server, V1Container container, string? scheme = null)
    {
        using var http = new HttpClient(Trusting());
        Assert.Equal(server.HttpAddress.Scheme, (scheme ?? "HTTP").ToLowerInvariant());
        foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
        {
            var path = probe.HttpGet.Path.Replace("{{.Name}}", "sentiment", StringComparison.Ordinal);
            using var response = await http.GetAsync(new Uri(server.HttpAddress, path), Cancel);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        }
    }

    private static async Task<HttpStatusCode> PredictAsync(HttpClient http, ServerProcess server, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.HttpAddress, "/v1/predict"))
        {
            Content = new StringContent("""{"text":"good"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    /// <summary>A kubelet does not check certificates of probes, either.</summary>
    private static SocketsHttpHandler Trusting()
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        return handler;
    }

    private static void WriteCertificate(TemporaryFolder secrets)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=lora-serve", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        secrets.Write("tls/tls.crt", certificate.ExportCertificatePem());
        secrets.Write("tls/tls.key", key.ExportPkcs8PrivateKeyPem());
    }
}
