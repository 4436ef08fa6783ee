namespace LoraOnnx.House.Tests;

/// <summary>Warnings go through one place, which says each once a run, on one line and escaped.</summary>
public sealed class WarningRuleTests
{
    /// <summary>The place itself, the display of training that stands behind <c>WarnsOnce</c>, and a line of a summary that ends a run.</summary>
    private static readonly string[] _allowed =
    [
        "src/Files/WarningLines.cs", "src/Training/Core/Display/PlainDisplay.cs", "src/Training/Core/Report/RunSummary.cs",
    ];

    [Fact]
    public void No_room_prints_a_warning_by_itself()
    {
        var found = from file in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
                    let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
                    where !_allowed.Contains(name) && !name.Contains("/obj/", StringComparison.Ordinal)
                    from line in File.ReadLines(file)
                    where line.Contains("\"warning: ", StringComparison.Ordinal)
                    select $"{name}: {line.Trim()}";

        Assert.Empty(found);
    }
}
