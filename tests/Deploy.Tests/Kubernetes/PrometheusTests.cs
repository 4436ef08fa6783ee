using System.Text.RegularExpressions;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>The rules of deploy/kubernetes/monitoring and the dashboard's questions, as Prometheus itself reads and evaluates them.</summary>
public sealed partial class PrometheusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Prometheus_takes_the_rules_and_its_alarms_go_off_when_they_should_and_not_before()
    {
        Requirement.SkipUnless(File.Exists("/usr/bin/promtool"), "prometheus is not installed.");
        var rules = File.ReadAllText(Path.Combine(Manifests.Folder, "monitoring", "rules.yaml"));
        _folder.Write("rules.yaml", Indent().Replace(rules[rules.IndexOf("  groups:", StringComparison.Ordinal)..], ""));
        _folder.Write("dashboard.yaml", $"groups:\n- name: panels\n  rules:\n{string.Concat(MetricNameTests.Panels().Select((panel, place) =>
            $"  - record: panel:{place}\n    expr: '{panel.Expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal)}'\n"))}");
        var tests = _folder.Write("tests.yaml", """
            rule_files: [rules.yaml]
            evaluation_interval: 1m
            tests:
              - interval: 1m
                input_series:
                  - {series: 'lora_serve_queue_tokens{namespace="n", model="busy"}', values: '0x20'}
                  - {series: 'lora_serve_refusals_total{namespace="n", model="busy", reason="QueueFull"}', values: '0+60x20'}
                  - {series: 'lora_serve_refusals_total{namespace="n", model="idle", reason="QueueFull"}', values: '7x20'}
                  - {series: 'lora_serve_text_duration_seconds_bucket{namespace="n", model="busy", le="1"}', values: '0x20'}
                  - {series: 'lora_serve_text_duration_seconds_bucket{namespace="n", model="busy", le="4"}', values: '0+60x20'}
                  - {series: 'lora_serve_text_duration_seconds_bucket{namespace="n", model="busy", le="+Inf"}', values: '0+60x20'}
                alert_rule_test:
                  - {eval_time: 3m, alertname: LoraServeRefusesCalls, exp_alerts: []}
                  - {eval_time: 8m, alertname: LoraServeIsSlow, exp_alerts: []}
                  - {eval_time: 15m, alertname: LoraServeIsAway, exp_alerts: []}
                  - eval_time: 15m
                    alertname: LoraServeRefusesCalls
                    exp_alerts:
                      - exp_labels: {severity: warning, namespace: n, model: busy}
                        exp_annotations:
                          summary: 'busy has refused calls for five minutes: its queue is full.'
                          description: 'Callers get RESOURCE_EXHAUSTED (429). More pods, or a smaller precision: docs/scale.md.'
                  - eval_time: 15m
                    alertname: LoraServeIsSlow
                    exp_alerts:
                      - exp_labels: {severity: warning, namespace: n, model: busy}
                        exp_annotations:
                          summary: 'busy: one text in a hundred takes more than a second, twice the latency target.'
              - interval: 1m
                input_series: [{series: 'up', values: '0x20'}]
                alert_rule_test:
                  - eval_time: 15m
                    alertname: LoraServeIsAway
                    exp_alerts:
                      - {exp_labels: {severity: critical}, exp_annotations: {summary: No pod of lora-serve gives metrics.}}
            """);

        foreach (var arguments in new string[][] { ["check", "rules", "rules.yaml", "dashboard.yaml"], ["test", "rules", tests] })
        {
            var result = Command.Run("promtool", arguments, folder: _folder.Path);
            Assert.True(result.ExitCode == 0, result.ToString());
        }
    }

    [GeneratedRegex("^  ", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
