namespace LoraOnnx.House.Tests;

public sealed class DependencyRuleTests
{
    /// <summary>The whole rule; docs/architecture.md draws it.</summary>
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Files"] = [],
        ["Client"] = ["Classifier/Abstractions"],
        ["Classifier/Abstractions"] = [],
        ["Classifier/InProcess"] = ["Classifier/Abstractions", "Files", "Hub", "Kernels", "Model", "Graph", "Inference"],
        ["Classifier/MachineLearning"] = ["Classifier/InProcess"],
        ["Classifier/Natives"] = ["Classifier/InProcess"],
        ["CommandLine"] = ["Files", "Hub"],
        ["Hub"] = ["Files"],
        ["Kernels"] = ["Files"],
        ["Model"] = ["Files", "Hub"],
        ["Texts"] = ["Files", "Hub", "Model"],
        ["Graph"] = ["Files", "Model"],
        ["Inference"] = ["Files", "Kernels", "Model", "Graph"],
        ["Reports"] = ["Files", "Model"],
        ["Training/Core"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Reports"],
        ["Training/Torch"] = ["Files", "Model", "Training/Core"],
        ["Training/Onnx"] = ["Files", "Model", "Graph", "Inference", "Training/Core"],
        ["Training/Program"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Training/Core", "Training/Torch", "Training/Onnx"],
        ["Merge"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Graph", "Inference"],
        ["Serving"] = ["CommandLine", "Files", "Model", "Graph", "Inference", "Client"],
        ["Scoring"] = ["CommandLine", "Files", "Model", "Texts", "Graph", "Inference", "Client"],
        ["Evaluation"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Graph", "Inference", "Client", "Reports"],
    };

    [Fact]
    public void Every_room_has_a_rule() => Assert.Equal(_allowed.Keys.Order(StringComparer.Ordinal), ProjectReferences.Rooms);

    public static TheoryData<string> Rooms => [.. _allowed.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_what_the_rule_allows(string room) =>
        Assert.Empty(ProjectReferences.Of(room).Except(_allowed[room]));

    [Fact]
    public void Only_the_torch_engine_sees_libtorch() =>
        Assert.Equal(["Training/Torch"], RoomsWith(package => package.Contains("torch", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Only_inference_and_its_training_engine_see_ONNX_Runtime() =>
        Assert.Equal(["Classifier/InProcess", "Classifier/Natives", "Inference", "Training/Onnx"],
            RoomsWith(package => package.Contains("OnnxRuntime", StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<string> RoomsWith(Func<string, bool> package) =>
        ProjectReferences.Rooms.Where(room => ProjectReferences.PackagesOf(room).Any(package));
}
