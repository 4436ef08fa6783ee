using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LoraOnnx.Deploy.Tests.Kubernetes;

/// <summary>
/// A kustomization's folder as <c>kubectl kustomize</c> resolves it: resources, then patches by the rules of strategic merging, then tags of images.
/// Strict where kubectl is lenient: a patch must meet an object, and a list of objects one of the known keys.
/// </summary>
internal static class ResolvedFolder
{
    /// <summary>What names an element of a list: patches of Kubernetes' types, as its API documents them.</summary>
    private static readonly Dictionary<string, string[]> _keys = new()
    {
        ["containers"] = ["name"],
        ["volumes"] = ["name"],
        ["volumeMounts"] = ["mountPath"],
        ["ports"] = ["containerPort", "port"],
    };

    /// <summary>The objects, as one text.</summary>
    public static string Read(string folder)
    {
        var stream = new YamlStream([.. Objects(folder).Select(node => new YamlDocument(node))]);
        using var writer = new StringWriter();
        stream.Save(writer, assignAnchors: false);
        return writer.ToString();
    }

    private static List<YamlMappingNode> Objects(string folder)
    {
        var kustomization = Parse(File.ReadAllText(Path.Combine(folder, "kustomization.yaml"))).Single();
        var objects = Names(kustomization, "resources").Select(resource => Path.Combine(folder, resource))
            .SelectMany(path => Directory.Exists(path) ? Objects(path) : Parse(File.ReadAllText(path))).ToList();
        foreach (var item in Items(kustomization, "patches"))
        {
            var patch = Parse(Has(item, "patch") ? Text(item["patch"]) : File.ReadAllText(Path.Combine(folder, Text(item["path"])))).Single();
            var target = objects.Single(each => Identity(each) == Identity(patch));
            if (Has(patch, "$patch"))
            {
                Assert.Equal("delete", Text(patch["$patch"]));
                objects.Remove(target);
            }
            else
            {
                Merge(target, patch);
            }
        }

        objects.AddRange(Items(kustomization, "configMapGenerator").Select(map => ConfigMap(folder, map)));
        foreach (var image in Items(kustomization, "images"))
        {
            var used = objects.SelectMany(each => each.AllNodes).OfType<YamlMappingNode>().Where(node => Has(node, "image"))
                .Where(node => node["image"] is YamlScalarNode { Value: { } name } && name == Text(image["name"])).ToList();
            Assert.NotEmpty(used);
            used.ForEach(node => node.Children["image"] = $"{Text(image["name"])}:{Text(image["newTag"])}");
        }

        return objects;
    }

    private static void Merge(YamlMappingNode target, YamlMappingNode patch)
    {
        foreach (var (key, value) in patch.Children)
        {
            var old = target.Children.TryGetValue(key, out var found) ? found : null;
            if (value is YamlScalarNode { Value: "null", Style: ScalarStyle.Plain })
            {
                Assert.True(target.Children.Remove(key), $"{key} is not there to be taken away.");
            }
            else if (old is YamlMappingNode was && value is YamlMappingNode now)
            {
                Merge(was, now);
            }
            else if (old is YamlSequenceNode list && value is YamlSequenceNode changed && changed.Children.All(child => child is YamlMappingNode))
            {
                MergeList(list, changed, _keys[Text(key)]);
            }
            else
            {
                target.Children[key] = value;
            }
        }
    }

    /// <summary>Elements of the same key are merged; new ones stand before the old.</summary>
    private static void MergeList(YamlSequenceNode list, YamlSequenceNode changed, string[] keys)
    {
        var place = 0;
        foreach (var patch in changed.Children.Cast<YamlMappingNode>())
        {
            var key = keys.First(name => Has(patch, name));
            if (list.Children.OfType<YamlMappingNode>().SingleOrDefault(each => Text(each[key]) == Text(patch[key])) is { } same)
            {
                Merge(same, patch);
            }
            else
            {
                list.Children.Insert(place++, patch);
            }
        }
    }

    private static YamlMappingNode ConfigMap(string folder, YamlMappingNode generator)
    {
        Assert.Equal("true", Text(generator["options"]["disableNameSuffixHash"]));
        var data = new YamlMappingNode();
        foreach (var source in Names(generator, "files"))
        {
            var (key, file) = (source.Split('=')[0], source.Split('=')[^1]);
            data.Add(key, new YamlScalarNode(File.ReadAllText(Path.Combine(folder, file))) { Style = ScalarStyle.DoubleQuoted });
        }

        return new YamlMappingNode
        {
            { "apiVersion", "v1" }, { "kind", "ConfigMap" }, { "data", data },
            { "metadata", new YamlMappingNode { { "name", generator["name"] }, { "labels", generator["options"]["labels"] } } },
        };
    }

    private static string Identity(YamlMappingNode node) => $"{node["apiVersion"]} {node["kind"]} {node["metadata"]["name"]}";

    private static IEnumerable<YamlMappingNode> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(document => (YamlMappingNode)document.RootNode);
    }

    private static IEnumerable<YamlMappingNode> Items(YamlMappingNode node, string key) => List(node, key).Cast<YamlMappingNode>();

    private static IEnumerable<string> Names(YamlMappingNode node, string key) => List(node, key).Select(Text);

    private static IEnumerable<YamlNode> List(YamlMappingNode node, string key) => Has(node, key) ? (YamlSequenceNode)node[key] : [];

    private static bool Has(YamlMappingNode node, string key) => node.Children.ContainsKey(key);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value ?? "";
}
