using k8s;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>The manifests of deploy/kubernetes, read strictly: a field that a type does not have is an error.</summary>
internal static class Manifests
{
    private static readonly Dictionary<string, Type> _customKinds = new()
    {
        ["serving.kserve.io/v1alpha1/ClusterServingRuntime"] = typeof(ClusterServingRuntime),
        ["serving.kserve.io/v1beta1/InferenceService"] = typeof(InferenceService),
        ["monitoring.coreos.com/v1/PodMonitor"] = typeof(PodMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(PrometheusRule),
        ["kustomize.config.k8s.io/v1beta1/Kustomization"] = typeof(Kustomization),
    };

    public static string Folder => Repository.Path("deploy", "kubernetes");

    /// <summary>Every YAML file, relative to the folder.</summary>
    public static IEnumerable<string> Files => Directory.GetFiles(Folder, "*.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file)).Order(StringComparer.Ordinal);

    /// <summary>The folders of kustomizations, relative to the folder.</summary>
    public static IEnumerable<string> Kustomizations => Files.Where(file => Path.GetFileName(file) == "kustomization.yaml")
        .Select(file => Path.GetDirectoryName(file)!); // each has one

    public static IReadOnlyList<object> Load(string file) => LoadText(File.ReadAllText(Path.Combine(Folder, file)));

    public static IReadOnlyList<object> LoadText(string text) => KubernetesYaml.LoadAllFromString(text, _customKinds, strict: true);

    /// <summary>The one object of a file.</summary>
    public static T Load<T>(params string[] file) => Assert.IsType<T>(Assert.Single(Load(Path.Combine(file))));

    /// <summary>The containers that an object starts.</summary>
    public static IEnumerable<V1Container> ContainersOf(object manifest) => manifest switch
    {
        V1Deployment deployment => deployment.Spec.Template.Spec.Containers ?? [], // a patch may have none
        V1Job job => job.Spec.Template.Spec.Containers,
        ClusterServingRuntime runtime => runtime.Spec!.Containers, // it has one
        _ => [],
    };
}
