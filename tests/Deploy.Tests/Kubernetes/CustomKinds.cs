using k8s;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>Kinds that Kubernetes itself does not know, with the fields that our manifests use, as KServe, Prometheus and Kustomize document them.
/// Pods in them are Kubernetes' own types.</summary>
public abstract class CustomKind<TSpec> : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public TSpec? Spec { get; set; }
}

public sealed class ClusterServingRuntime : CustomKind<ServingRuntimeSpec>;

public sealed class ServingRuntimeSpec
{
    public IList<ModelFormat> SupportedModelFormats { get; set; } = [];

    public IList<string> ProtocolVersions { get; set; } = [];

    public bool MultiModel { get; set; }

    public IList<V1Container> Containers { get; set; } = [];
}

public sealed class ModelFormat
{
    public string Name { get; set; } = "";

    public string Version { get; set; } = "";

    public bool AutoSelect { get; set; }

    public int Priority { get; set; }
}

public sealed class InferenceService : CustomKind<InferenceServiceSpec>;

public sealed class InferenceServiceSpec
{
    public Predictor Predictor { get; set; } = new();
}

public sealed class Predictor
{
    public int MinReplicas { get; set; }

    public int MaxReplicas { get; set; }

    public PredictorModel Model { get; set; } = new();
}

public sealed class PredictorModel
{
    public ModelFormat ModelFormat { get; set; } = new();

    public string ProtocolVersion { get; set; } = "";

    public string Runtime { get; set; } = "";

    public string StorageUri { get; set; } = "";
}

public sealed class PodMonitor : CustomKind<PodMonitorSpec>;

public sealed class PodMonitorSpec
{
    public V1LabelSelector Selector { get; set; } = new();

    public IList<PodMetricsEndpoint> PodMetricsEndpoints { get; set; } = [];
}

public sealed class PodMetricsEndpoint
{
    public string Port { get; set; } = "";

    public string Path { get; set; } = "";

    public string Interval { get; set; } = "";
}

public sealed class PrometheusRule : CustomKind<PrometheusRuleSpec>;

public sealed class PrometheusRuleSpec
{
    public IList<RuleGroup> Groups { get; set; } = [];
}

public sealed class RuleGroup
{
    public string Name { get; set; } = "";

    public IList<MetricRule> Rules { get; set; } = [];
}

public sealed class MetricRule
{
    public string? Record { get; set; }

    public string? Alert { get; set; }

    public string Expr { get; set; } = "";

    public string? For { get; set; }

    public Dictionary<string, string> Labels { get; set; } = [];

    public Dictionary<string, string> Annotations { get; set; } = [];
}

public sealed class Kustomization : IKubernetesObject
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public IList<string> Resources { get; set; } = [];

    public IList<KustomizePatch> Patches { get; set; } = [];

    public IList<KustomizeImage> Images { get; set; } = [];

    public IList<KustomizeFiles> ConfigMapGenerator { get; set; } = [];
}

public sealed class KustomizePatch
{
    public string? Path { get; set; }

    public string? Patch { get; set; }
}

public sealed class KustomizeImage
{
    public string Name { get; set; } = "";

    public string NewTag { get; set; } = "";
}

public sealed class KustomizeFiles
{
    public string Name { get; set; } = "";

    public IList<string> Files { get; set; } = [];

    public KustomizeOptions Options { get; set; } = new();
}

public sealed class KustomizeOptions
{
    public bool DisableNameSuffixHash { get; set; }

    public Dictionary<string, string> Labels { get; set; } = [];
}
