namespace LoraOnnx.House.Tests;

public sealed class DependencyRuleTests
{
    /// <summary>The whole rule; docs/architecture.md draws it.</summary>
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Model"] = [],
        ["Client"] = [],
        ["CommandLine"] = ["Model"],
        ["Graph"] = ["Model"],
        ["Inference"] = ["Model", "Graph"],
        ["Training"] = ["CommandLine", "Model"],
        ["Merge"] = ["CommandLine", "Model", "Graph", "Inference"],
        ["Serving"] = ["CommandLine", "Model", "Graph", "Inference", "Client"],
        ["Evaluation"] = ["CommandLine", "Model", "Graph", "Inference", "Client"],
    };

    [Fact]
    public void Every_room_has_a_rule() => Assert.Equal(_allowed.Keys.Order(), ProjectReferences.Rooms);

    [Theory]
    [InlineData("Model"), InlineData("Client"), InlineData("CommandLine"), InlineData("Graph"), InlineData("Inference")]
    [InlineData("Training"), InlineData("Merge"), InlineData("Serving"), InlineData("Evaluation")]
    public void A_room_references_only_what_the_rule_allows(string room) =>
        Assert.Empty(ProjectReferences.Of(room).Except(_allowed[room]));

    [Fact]
    public void Only_training_sees_libtorch() =>
        Assert.Equal(["Training"], RoomsWith(package => package.Contains("torch", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Only_inference_sees_ONNX_Runtime() =>
        Assert.Equal(["Inference"], RoomsWith(package => package.Contains("OnnxRuntime", StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<string> RoomsWith(Func<string, bool> package) =>
        ProjectReferences.Rooms.Where(room => ProjectReferences.PackagesOf(room).Any(package));
}
