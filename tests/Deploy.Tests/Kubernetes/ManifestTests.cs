using k8s;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>What deploy/kubernetes says, by the types of Kubernetes and the help of our programs.</summary>
public sealed class ManifestTests
{
    private const string Name = "app.kubernetes.io/name";

    public static TheoryData<string> Files => [.. Manifests.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_manifest_has_only_fields_that_Kubernetes_knows_and_arguments_that_the_program_knows(string file)
    {
        var objects = Manifests.Load(file);

        Assert.NotEmpty(objects);
        foreach (var container in objects.SelectMany(Manifests.ContainersOf).Where(container => container.Args is not null))
        {
            ProgramOptions.Check(container.Name == "lora-score" ? "lora-score" : "lora-serve", container.Args);
        }
    }

    [Fact]
    public void A_wrong_field_is_found()
    {
        var text = File.ReadAllText(Path.Combine(Manifests.Folder, "base", "deployment.yaml"));

        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(
            text.Replace("readOnlyRootFilesystem", "readOnlyRootFileSystem", StringComparison.Ordinal), strict: true));
    }

    [Fact]
    public void Every_file_belongs_to_a_kustomization_that_finds_all_its_files()
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in Manifests.Kustomizations)
        {
            var kustomization = Manifests.Load<Kustomization>(folder, "kustomization.yaml");
            string[] files = [.. kustomization.Resources, .. kustomization.Patches.Select(patch => patch.Path).OfType<string>(),
                .. kustomization.ConfigMapGenerator.SelectMany(map => map.Files).Select(source => source.Split('=')[^1])];
            named.UnionWith(files.Select(path => Path.GetFullPath(Path.Combine(Manifests.Folder, folder, path))));
        }

        Assert.All(named, path => Assert.True(Path.Exists(path), path));
        var others = Manifests.Files.Where(file => Path.GetFileName(file) != "kustomization.yaml")
            .Select(file => Path.Combine(Manifests.Folder, file));
        Assert.Empty(others.Except(named));
    }

    [Fact]
    public void The_base_speaks_of_one_set_of_pods()
    {
        var deployment = Manifests.Load<V1Deployment>("base", "deployment.yaml");
        var container = Assert.Single(deployment.Spec.Template.Spec.Containers);
        var scaler = Manifests.Load<V2HorizontalPodAutoscaler>("base", "autoscaler.yaml");
        var policy = Manifests.Load<V1NetworkPolicy>("base", "network.yaml");
        IDictionary<string, string>[] selectors = [
            deployment.Spec.Selector.MatchLabels,
            Manifests.Load<V1Service>("base", "service.yaml").Spec.Selector,
            Manifests.Load<V1PodDisruptionBudget>("base", "disruption.yaml").Spec.Selector.MatchLabels,
            policy.Spec.PodSelector.MatchLabels,
            Manifests.Load<PodMonitor>("monitoring", "scrape.yaml").Spec!.Selector.MatchLabels, // it has one
        ];

        Assert.All(selectors, selector => Assert.Equal(new KeyValuePair<string, string>(Name, "lora-serve"), Assert.Single(selector)));
        Assert.Equal("lora-serve", deployment.Spec.Template.Metadata.Labels[Name]);
        Assert.Equal(deployment.Metadata.Name, scaler.Spec.ScaleTargetRef.Name);
        Assert.Equal("lora_serve_queue_tokens", Assert.Single(scaler.Spec.Metrics).Pods.Metric.Name);
        Assert.Equal(["grpc", "http"], container.Ports.Select(port => port.Name));
        Assert.NotNull(container.StartupProbe);
        Assert.NotNull(container.ReadinessProbe);
        Assert.NotNull(container.LivenessProbe);
        Assert.True(container.Resources.Limits.ContainsKey("memory"));
        Assert.Contains("Ingress", policy.Spec.PolicyTypes);
        // preStop, then calls' time, then the end.
        var drain = int.Parse(container.Args[container.Args.IndexOf("--drain-seconds") + 1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(deployment.Spec.Template.Spec.TerminationGracePeriodSeconds > drain + container.Lifecycle.PreStop.Sleep.Seconds);
    }

    [Theory]
    [InlineData("base", "deployment.yaml")]
    [InlineData("score", "job.yaml")]
    [InlineData("score", "join", "job.yaml")]
    [InlineData("kserve", "runtime.yaml")]
    public void Containers_have_no_rights(params string[] file)
    {
        var container = Assert.Single(Manifests.Load(Path.Combine(file)).SelectMany(Manifests.ContainersOf));

        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
    }

    [Fact]
    public void A_patch_changes_what_the_base_has()
    {
        var original = Manifests.Load<V1Deployment>("base", "deployment.yaml");
        var patch = Manifests.Load<V1Deployment>("overlays", "secured", "deployment.yaml");
        var (from, to) = (Assert.Single(original.Spec.Template.Spec.Containers), Assert.Single(patch.Spec.Template.Spec.Containers));

        Assert.Equal((original.Metadata.Name, from.Name), (patch.Metadata.Name, to.Name));
        Assert.Equal(from.Args, to.Args.Take(from.Args.Count)); // a patch replaces the whole list
        Assert.Equal(original.Metadata.Name, Manifests.Load<V1Deployment>("overlays", "oci-model", "deployment.yaml").Metadata.Name);
        Assert.Equal(to.VolumeMounts.Select(mount => mount.Name).Order(), patch.Spec.Template.Spec.Volumes.Select(volume => volume.Name).Order());
    }

    [Fact]
    public void KServe_finds_the_runtime_by_the_format_and_the_protocol()
    {
        var runtime = Manifests.Load<ClusterServingRuntime>("kserve", "runtime.yaml");
        var model = Manifests.Load<InferenceService>("kserve", "service.yaml").Spec!.Predictor.Model; // it has one

        Assert.Equal(runtime.Metadata.Name, model.Runtime);
        Assert.Contains(runtime.Spec!.SupportedModelFormats, format => format.Name == model.ModelFormat.Name); // so has the runtime
        Assert.Contains(model.ProtocolVersion, runtime.Spec.ProtocolVersions);
        Assert.Equal("kserve-container", Assert.Single(runtime.Spec.Containers).Name);
    }
}
