using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using k8s;
using k8s.Models;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>What a cluster gets from <c>kubectl apply -k</c>: the folders of deploy/kubernetes with their patches and tags.</summary>
public sealed class ResolvedFolderTests
{
    public static TheoryData<string> Folders => [.. Manifests.Kustomizations];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_resolves_to_objects_whose_parts_fit_and_whose_images_are_of_this_version(string folder)
    {
        var version = XDocument.Load(Repository.Path("Directory.Build.props")).Descendants("Version").Single().Value;

        var path = Path.Combine(Manifests.Folder, folder);

        var resolved = ResolvedFolder.Read(path);

        AssertSame(OfKubectl(path) ?? resolved, resolved);
        var objects = Manifests.LoadText(resolved);
        Assert.All(objects.SelectMany(Manifests.ContainersOf), container => Assert.Equal($"{container.Name switch
        {
            "kserve-container" => "lora-serve",
            var name => name,
        }}:{version}", container.Image));
        Assert.All(objects.Select(PodOf).OfType<V1PodSpec>(), pod =>
        {
            var container = Assert.Single(pod.Containers);
            Assert.Equal(container.VolumeMounts.Select(mount => mount.Name).Order(), pod.Volumes.Select(volume => volume.Name).Order());
            Assert.All(pod.Volumes,
                volume => Assert.Single(new object?[] { volume.Secret, volume.PersistentVolumeClaim, volume.Image }.OfType<object>()));
            var claims = pod.Volumes.Select(volume => volume.PersistentVolumeClaim?.ClaimName).OfType<string>();
            Assert.True(!objects.OfType<V1Deployment>().Any() || claims.All(claim => // files to score are the user's
                objects.OfType<V1PersistentVolumeClaim>().Any(each => each.Metadata.Name == claim)));
            Assert.All(new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe }.OfType<V1Probe>(), probe =>
            {
                Assert.Contains(container.Ports, port => port.Name == probe.HttpGet.Port.Value);
                Assert.Equal(container.Args.Contains("--tls-cert") ? "HTTPS" : "HTTP", probe.HttpGet.Scheme ?? "HTTP");
            });
            Assert.All(container.Args.Where(argument => argument.StartsWith('/')), file => Assert.Contains(container.VolumeMounts,
                mount => file == mount.MountPath || file.StartsWith($"{mount.MountPath}/", StringComparison.Ordinal)));
        });
    }

    /// <summary>What Kubernetes' own program makes of a folder, where there is one: Debian has none that knows today's kustomizations.</summary>
    private static string? OfKubectl(string path)
    {
        try
        {
            var result = Command.Run("kubectl", ["kustomize", path]);
            Assert.True(result.ExitCode == 0, result.ToString());
            return result.Output;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static void AssertSame(string expected, string actual)
    {
        var pairs = Described(expected).Zip(Described(actual)).ToList();
        Assert.All(pairs, pair => Assert.True(JsonNode.DeepEquals(pair.First, pair.Second), $"kubectl: {pair.First}\nhere: {pair.Second}"));
        Assert.Equal(Described(expected).Count(), Described(actual).Count());
    }

    private static IEnumerable<JsonNode?> Described(string text) => Manifests.LoadText(text)
        .Select(each => JsonNode.Parse(KubernetesJson.Serialize(each))).OrderBy(node => $"{node!["kind"]} {node["metadata"]!["name"]}"); // all have

    private static V1PodSpec? PodOf(object manifest) => manifest switch
    {
        V1Deployment deployment => deployment.Spec.Template.Spec,
        V1Job job => job.Spec.Template.Spec,
        _ => null,
    };
}
