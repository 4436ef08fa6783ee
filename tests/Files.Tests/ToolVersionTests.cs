using System.Xml.Linq;

namespace LoraOnnx.Files.Tests;

public sealed class ToolVersionTests
{
    [Fact]
    public void The_version_is_that_of_the_build_without_the_commit() =>
        Assert.Equal(XDocument.Load(Repository.Path("Directory.Build.props")).Descendants("Version").Single().Value, ToolVersion.Text);
}
