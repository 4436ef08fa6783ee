using System.IO.Compression;
using System.Xml.Linq;

namespace LoraOnnx.Packages.Tests;

/// <summary>A package as its users get it: files and what it says of itself.</summary>
internal sealed class PackageFile : IDisposable
{
    private readonly ZipArchive _zip;
    private readonly XElement _metadata;

    public PackageFile(string path)
    {
        _zip = ZipFile.OpenRead(path);
        using var nuspec = _zip.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        _metadata = XDocument.Load(nuspec).Root!.Elements().Single(); // a nuspec has a root, or it is no package
    }

    public string Id => this["id"];

    public IEnumerable<string> Files => _zip.Entries.Select(entry => entry.FullName);

    public IEnumerable<string> Assemblies => Files
        .Where(name => name.EndsWith(".dll", StringComparison.Ordinal));

    public IEnumerable<string> Dependencies => _metadata.Descendants().Where(element => element.Name.LocalName == "dependency")
        .Select(element => element.Attribute("id")!.Value); // no dependency is without

    /// <summary>What stands in an element of the metadata; empty where there is none.</summary>
    public string this[string name] => Element(name)?.Value ?? "";

    public string Repository(string attribute) => Element("repository")?.Attribute(attribute)?.Value ?? "";

    public bool Has(string file) => _zip.GetEntry(file) is not null;

    /// <summary>A file's bytes; it must be there.</summary>
    public MemoryStream Read(string file)
    {
        var entry = _zip.GetEntry(file);
        Assert.True(entry is not null, $"{Id}: no {file}");
        var bytes = new MemoryStream();
        using var stream = entry.Open();
        stream.CopyTo(bytes);
        bytes.Position = 0;
        return bytes;
    }

    public void Dispose() => _zip.Dispose();

    private XElement? Element(string name) => _metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name);
}
