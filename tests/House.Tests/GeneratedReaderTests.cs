using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>
/// The generated JSON reader sets a property with <c>init</c> to nothing where its key is missing, whatever stands behind it as a default: files from
/// before the key would be misread. A default stands in the getter instead.
/// </summary>
public sealed partial class GeneratedReaderTests
{
    [Fact]
    public void What_run_json_may_lack_has_its_default_in_the_getter()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src", "Model", "Runs"), "*.cs", SearchOption.AllDirectories)
                    from line in File.ReadLines(file)
                    where InitDefault().IsMatch(line)
                    select $"{Path.GetFileName(file)}: {line.Trim()}";

        Assert.Empty(found);
    }

    [GeneratedRegex(@"\binit; \} =")]
    private static partial Regex InitDefault();
}
