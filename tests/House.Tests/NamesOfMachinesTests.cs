using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>Whoever builds chooses feeds and folders: no tracked file names a registry's host, a mirror, or a place on somebody's machine (made-up
/// people in tests are "me" and "some one").</summary>
public sealed partial class NamesOfMachinesTests
{
    /// <summary>Files whose text came from elsewhere as it is.</summary>
    private static readonly string[] _foreign = ["tests/golden/", "tests/Model.Tests/golden/", "models/", "samples/reviews/", "NOTICE", "LICENSE"];

    [Fact]
    public void No_file_names_a_registrys_host_or_a_path_of_a_machine()
    {
        var listed = Command.Run("git", ["ls-files", "-z"]);
        Requirement.SkipUnless(listed.ExitCode == 0, "this is not a git checkout.");
        var found = listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => !_foreign.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)) && IsText(path)
                && path != "tests/House.Tests/NamesOfMachinesTests.cs")
            .SelectMany(path => File.ReadLines(Repository.Path(path)).Index().Where(line => Name().IsMatch(line.Item))
                .Select(line => $"{path}:{line.Index + 1}: {Name().Match(line.Item).Value}")).ToList();

        Assert.True(found.Count == 0, string.Join("\n", found));
    }

    [Theory]
    [InlineData("https://api.nuget.org/v3/index.json")]
    [InlineData("registry.npmjs.org")]
    [InlineData("see /home/anna/models")]
    [InlineData("\"/work/main/models\"")]
    [InlineData(@"C:\Users\anna\models")]
    public void Such_names_are_found(string line) => Assert.Matches(Name(), line);

    [Theory]
    [InlineData("https://dotnet.microsoft.com/download")]
    [InlineData("bin/lora-serve --model onnx/lora")]
    [InlineData("the network/homework")]
    public void Others_are_not(string line) => Assert.DoesNotMatch(Name(), line);

    private static bool IsText(string path)
    {
        var full = Repository.Path(path);
        if (!File.Exists(full))
        {
            return false;
        }

        using var stream = File.OpenRead(full);
        var start = new byte[4096];
        return !start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)).Contains((byte)0);
    }

    [GeneratedRegex(@"\b(nuget\.org|npmjs\.(org|com)|pypi\.org|pythonhosted\.org|crates\.io|deb\.debian\.org|rubygems\.org|repo\.maven)"
        + @"|(?<![\w.$}/])/(home|work|root|Users)/(?!me\b|some)\w|\b[A-Z]:\\Users\\(?!me\b)", RegexOptions.IgnoreCase)]
    private static partial Regex Name();
}
