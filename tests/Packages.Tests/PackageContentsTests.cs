using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace LoraOnnx.Packages.Tests;

public sealed class PackageContentsTests(PackageFeed feed)
{
    private static readonly string[] _withCode = ["LoraOnnx.Abstractions", "LoraOnnx", "LoraOnnx.Client", "LoraOnnx.MachineLearning"];

    public static TheoryData<string> WithCode => [.. _withCode];

    public static TheoryData<string> All => [.. _withCode, "LoraOnnx.Cpu", "LoraOnnx.Gpu"];

    [Fact]
    public void Pack_makes_every_package_that_the_document_names_and_no_other()
    {
        var named = File.ReadLines(Repository.Path("docs", "library.md"))
            .Where(line => line.StartsWith("| LoraOnnx", StringComparison.Ordinal))
            .SelectMany(line => line.Split('|')[1].Split(',', StringSplitOptions.TrimEntries));

        Assert.Equal(named.Select(package => $"{package}.{PackageFeed.Version}.nupkg").Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(feed.Path, "*.nupkg").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_package_says_what_it_is_whose_and_of_which_commit(string package)
    {
        using var file = feed.Open(package);

        Assert.Equal("Apache-2.0", file["license"]);
        Assert.Equal("LoraOnnx contributors", file["authors"]);
        Assert.NotEmpty(file["description"]);
        Assert.True(file.Has(file["readme"]), "no readme");
        Assert.True(file.Has(file["icon"]), "no icon");
        Requirement.SkipUnless(Command.Run("git", ["rev-parse", "HEAD"]).ExitCode == 0, "this is not a git checkout.");
        Assert.Equal("git", file.Repository("type"));
        Assert.Matches("^[0-9a-f]{40}$", file.Repository("commit"));
    }

    [Theory]
    [MemberData(nameof(WithCode))]
    public void Every_assembly_is_deterministic_and_its_symbols_with_all_sources_are_in_the_symbol_package(string package)
    {
        using var file = feed.Open(package);
        using var symbols = feed.Open(package, ".snupkg");

        Assert.True(file.Has($"lib/net10.0/{package}.xml"), "no XML docs");
        Assert.NotEmpty(file.Assemblies);
        Assert.All(file.Assemblies, assembly =>
        {
            using var image = new PEReader(file.Read(assembly));
            using var provider = MetadataReaderProvider.FromPortablePdbStream(symbols.Read(Path.ChangeExtension(assembly, ".pdb")));
            var debug = provider.GetMetadataReader();

            Assert.Contains(image.ReadDebugDirectory(), entry => entry.Type == DebugDirectoryEntryType.Reproducible);
            Assert.All(debug.Documents.Select(document => debug.GetString(debug.GetDocument(document).Name)),
                document => Assert.StartsWith("/_/", document, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void The_library_holds_its_rooms_and_depends_on_no_native_library()
    {
        string[] rooms = ["LoraOnnx", "LoraOnnx.Files", "LoraOnnx.Graph", "LoraOnnx.Hub", "LoraOnnx.Inference", "LoraOnnx.Kernels", "LoraOnnx.Model"];
        using var library = feed.Open("LoraOnnx");
        using var withNatives = feed.Open("LoraOnnx.Cpu");
        using var abstractions = feed.Open("LoraOnnx.Abstractions");

        Assert.Equal(rooms, library.Assemblies.Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
        Assert.True(library.Has("lib/net10.0/LoraOnnx.Files.xml"), "no XML docs of InputException");
        Assert.Contains("Microsoft.ML.OnnxRuntime.Managed", library.Dependencies);
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntime", library.Dependencies);
        Assert.Empty(library.Dependencies.Intersect(rooms));
        Assert.Superset(new HashSet<string> { "LoraOnnx", "Microsoft.ML.OnnxRuntime" }, withNatives.Dependencies.ToHashSet());
        Assert.Empty(abstractions.Dependencies);
    }

    /// <summary>ONNX Runtime for GPUs is a patch behind that for processors: a package that asked for its managed half too would not be
    /// restored.</summary>
    [Theory]
    [InlineData("LoraOnnx.Cpu", "microsoft.ml.onnxruntime")]
    [InlineData("LoraOnnx.Gpu", "microsoft.ml.onnxruntime.gpu")]
    public void A_program_that_takes_a_package_with_natives_is_restored_with_the_library_and_these(string package, string natives)
    {
        using var customer = new Customer(feed);
        customer.Write("app.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><PackageReference Include="{package}" Version="{PackageFeed.Version}" /></ItemGroup>
            </Project>
            """);

        customer.Dotnet("restore", "-p:NuGetAudit=false");

        var assets = File.ReadAllText(Path.Combine(customer.Folder, "obj", "project.assets.json"));
        Assert.Contains($"\"{natives}/", assets, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"\"LoraOnnx/{PackageFeed.Version}\"", assets, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_built_gives_the_same_package_byte_by_byte()
    {
        using var again = new TemporaryFolder();
        PackageFeed.Pack(Repository.Path("src", "Classifier", "Abstractions"), again.Path);

        Assert.All(Directory.EnumerateFiles(again.Path),
            file => Assert.Equal(File.ReadAllBytes(Path.Combine(feed.Path, Path.GetFileName(file))), File.ReadAllBytes(file)));
    }
}
