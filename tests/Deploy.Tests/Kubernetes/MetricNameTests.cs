using System.Text.Json;
using System.Text.RegularExpressions;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>What rules, dashboard and autoscaler ask for is what /metrics has.</summary>
public sealed partial class MetricNameTests(ServedModels models)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_metric_that_is_asked_for_is_one_of_a_server_that_has_answered_cut_shared_and_refused()
    {
        using var server = await ServerProcess.StartAsync("--models", models.Path, "--cache-mib", "1");
        using var http = new HttpClient { BaseAddress = server.HttpAddress };
        await PredictAsync(http, "a good film");
        await PredictAsync(http, "a good film"); // from the cache
        await PredictAsync(http, string.Concat(Enumerable.Repeat("good ", 500))); // cut
        await PredictAsync(http, "never in time", "0.000001"); // refused
        var known = Name().Matches(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel)).Select(match => match.Value).ToHashSet();

        string[] expressions = [
            .. Manifests.Load<PrometheusRule>("monitoring", "rules.yaml").Spec!.Groups.SelectMany(group => group.Rules).Select(rule => rule.Expr),
            .. Panels().Select(panel => panel.Expression),
            .. Manifests.Load<V2HorizontalPodAutoscaler>("base", "autoscaler.yaml").Spec.Metrics.Select(metric => metric.Pods.Metric.Name),
            .. Manifests.Load<V1ConfigMap>("monitoring", "prometheus-adapter.yaml").Data.Values];
        var recorded = Manifests.Load<PrometheusRule>("monitoring", "rules.yaml").Spec!.Groups.SelectMany(group => group.Rules)
            .Select(rule => rule.Record).OfType<string>().ToHashSet();
        var asked = expressions.SelectMany(expression => Name().Matches(expression)).Select(match => match.Value).Distinct().ToArray();

        Assert.Contains("lora_serve_refusals_total", asked);
        Assert.DoesNotContain(asked, name => !known.Contains(name) && !recorded.Contains(name));
    }

    [Fact]
    public void Panels_have_titles_and_units_and_say_what_they_ask()
    {
        Assert.NotEmpty(Panels());
        Assert.All(Panels(), panel => Assert.True(panel.Title.Length > 0 && panel.Unit.Length > 0 && panel.Expression.Contains('{'), panel.Title));
    }

    internal static IEnumerable<(string Title, string Unit, string Expression)> Panels()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Manifests.Folder, "monitoring", "dashboard.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()
            .Select(target => (Text(panel, "title"), Text(panel.GetProperty("fieldConfig").GetProperty("defaults"), "unit"), Text(target, "expr"))))];
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static async Task PredictAsync(HttpClient http, string text, string? timeout = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/predict", UriKind.Relative))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { text }), System.Text.Encoding.UTF8, "application/json"),
        };
        if (timeout is not null)
        {
            request.Headers.Add("X-Request-Timeout", timeout);
        }

        using var response = await http.SendAsync(request, Cancel);
        Assert.Equal(timeout is null, response.IsSuccessStatusCode);
    }

    [GeneratedRegex(@"\b([a-z_]+:)?(lora_serve|dotnet)_[a-z_]+(:\w+)?")]
    private static partial Regex Name();
}
