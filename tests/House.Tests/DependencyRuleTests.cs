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
        ["Training/Program"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Training/Core", .. Engines],
        ["Merge"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Graph", "Inference"],
        ["Serving"] = ["CommandLine", "Files", "Model", "Graph", "Inference", "Client"],
        ["Scoring"] = ["CommandLine", "Files", "Model", "Texts", "Graph", "Inference", "Client"],
        ["Evaluation"] = ["CommandLine", "Files", "Hub", "Model", "Texts", "Graph", "Inference", "Client", "Reports"],
    };

    /// <summary>What an engine may see: never another one.</summary>
    private static readonly string[] _allowedToEngines = ["Files", "Model", "Graph", "Inference", "Training/Core"];

    [Fact]
    public void Every_room_has_a_rule() =>
        Assert.Equal(_allowed.Keys.Concat(Engines).Order(StringComparer.Ordinal), ProjectReferences.Rooms);

    public static TheoryData<string> Rooms => [.. ProjectReferences.Rooms];

    private static IEnumerable<string> Engines => ProjectReferences.Rooms.Where(room =>
        room.StartsWith("Training/", StringComparison.Ordinal) && room is not ("Training/Core" or "Training/Program"));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_what_the_rule_allows(string room) =>
        Assert.Empty(ProjectReferences.Of(room).Except(_allowed.GetValueOrDefault(room) ?? _allowedToEngines));

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
