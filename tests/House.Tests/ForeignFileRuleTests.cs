using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>Files from outside are opened by <c>ForeignFile</c> only: any other way waits at pipes, reads devices, and trusts a link's own
/// length.</summary>
public sealed partial class ForeignFileRuleTests
{
    /// <summary>What is no file from outside: the system's own, our packages', or one that the same process wrote.</summary>
    private static readonly Dictionary<string, string> _allowed = new()
    {
        ["src/Evaluation/ThisMachine.cs"] = "/proc/cpuinfo",
        ["src/Training/Core/Recording/ProcessMemory.cs"] = "/proc/self/status",
        ["src/Training/Torch/NativeTorch.cs"] = "libtorch's own library, from the package",
        ["src/Training/Core/Report/TrainingPage.cs"] = "the metrics that this process writes",
    };

    [Fact]
    public void No_room_but_Files_opens_files_for_reading_by_itself()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
                    let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
                    where !name.StartsWith("src/Files/", StringComparison.Ordinal) && !_allowed.ContainsKey(name) && !name.Contains("/obj/")
                    from line in File.ReadLines(file)
                    where Opening().IsMatch(line)
                    select $"{name}: {line.Trim()}";

        Assert.Empty(found);
    }

    [Fact]
    public void Every_exception_to_the_rule_is_still_one() =>
        Assert.All(_allowed.Keys, name => Assert.Contains(File.ReadLines(Repository.Path(name)), line => Opening().IsMatch(line)));

    [Theory]
    [InlineData("using var stream = File.OpenRead(path);")]
    [InlineData("var text = System.IO.File.ReadAllText(path);")]
    [InlineData("new FileStream(path, FileMode.Open, FileAccess.Read)")]
    [InlineData("new FileStream(path, FileMode.Open)")]
    [InlineData("X509Certificate2.CreateFromPemFile(path)")]
    [InlineData("new FileInfo(path).Length")]
    public void The_rule_sees_the_ways_there_are(string line) => Assert.Matches(Opening(), line);

    [Theory]
    [InlineData("SafetensorsFile.Open(path)")]
    [InlineData("HeadFile.Read(head, config)")]
    [InlineData("new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read)")]
    public void The_rule_lets_others_be(string line) => Assert.DoesNotMatch(Opening(), line);

    [GeneratedRegex(
        @"(?<![A-Za-z])File\.(Open|Read)|FileMode\.Open\)|FileAccess\.Read(?!Write)|MemoryMappedFile\."
        + @"|FromPemFile|new FileInfo\([^()]*\)\.(Length|Open)")]
    private static partial Regex Opening();
}
