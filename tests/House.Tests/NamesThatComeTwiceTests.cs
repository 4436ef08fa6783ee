using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>
/// JSON, tables, vocabularies and options may have a name twice, at which <c>ToDictionary</c> and <c>JsonNode.Parse</c> end a program with a bug's
/// message. Each use says here why its keys are distinct; what comes from a file is read by <c>TryAdd</c>, with an error, or by the indexer.
/// </summary>
public sealed partial class NamesThatComeTwiceTests
{
    private static readonly Dictionary<string, (int Uses, string Why)> _distinct = new()
    {
        ["src/CommandLine/CommandHelp.cs"] = (1, "a program's own commands"),
        ["src/CommandLine/HelpText.cs"] = (1, "a program's own groups of options"),
        ["src/Evaluation/Models/ModelLoader.cs"] = (1, "ValueRuns refuses a value twice"),
        ["src/Graph/Rounding/RoundingPlan.cs"] = (1, "groups of a layout"),
        ["src/Evaluation/Scoring/ScoringPass.cs"] = (1, "CompareCommand takes --slice distinct"),
        ["src/Evaluation/Scoring/TestTexts.cs"] = (1, "Distinct"),
        ["src/Evaluation/Statistics/PairedBootstrap.cs"] = (1, "the figures there are"),
        ["src/Graph/Gradients/TrainedTensors.cs"] = (1, "the modules of one adapter"),
        ["src/Graph/Training/TrainingModel.cs"] = (1, "tensors of a graph that is built here"),
        ["src/Graph/VariantModel.cs"] = (1, "tensors of a layout"),
        ["src/Graph/WeightSet.cs"] = (1, "tensors of a layout"),
        ["src/Inference/Variants/VariantBuilder.cs"] = (3, "the modules of one adapter; Union; another dictionary"),
        ["src/Inference/Variants/VariantReader.cs"] = (1, "PeftAdapterReader refuses two tensors for one place"),
        ["src/Model/Adapters/LoraModule.cs"] = (1, "the keys of one kind"),
        ["src/Model/Adapters/PeftAdapterReader.cs"] = (1, "places of a layout"),
        ["src/Model/Checkpoints/Checkpoint.cs"] = (2, "tensors of a head that was read, or of the checkpoint: both refuse a name twice"),
        ["src/Model/Checkpoints/CheckpointNames.cs"] = (1, "tensors of a layout"),
        ["src/Model/Checkpoints/HeadFile.cs"] = (1, "DistinctBy"),
        ["src/Model/Checkpoints/ModelWeights.cs"] = (1, "those of Checkpoint, or of a layout"),
        ["src/Model/Metrics/Calibration.cs"] = (1, "GroupBy"),
        ["src/Model/Runs/RunOptions.cs"] = (1, "GroupBy"),
        ["src/Model/Tokenization/BytePairs/ByteAlphabet.cs"] = (1, "the 256 bytes"),
        ["src/Scoring/Output/ScoredColumns.cs"] = (1, "DistinctBy"),
        ["src/Serving/MachinePaths.cs"] = (1, "another dictionary"),
        ["src/Serving/Protocols/KServe/KServeDescriptions.cs"] = (1, "another dictionary"),
        ["src/Training/Core/Data/TextSet.cs"] = (1, "a task's classes, which config.json, --labels and run.json have once each"),
        ["src/Training/Core/Data/ValuePlan.cs"] = (1, "CountBy"),
        ["src/Training/Core/Data/ValueFolders.cs"] = (1, "GroupBy"),
        ["src/Training/Core/Report/OptionRows.cs"] = (1, "our own default options"),
        ["src/Training/Program/TrainingProgram.cs"] = (1, "sets by reference"),
        ["src/Training/Torch/AdapterLearner.cs"] = (2, "tensors of a layout"),
        ["src/Training/Torch/AdapterTensors.cs"] = (1, "the keys of one kind"),
        ["src/Training/Torch/FrozenNetwork.cs"] = (2, "the modules of one adapter; tensors of a layout"),
        ["src/Training/Torch/HeadLearner.cs"] = (1, "tensors of a layout"),
        ["src/Training/Core/Learning/ParameterLayout.cs"] = (1, "a safetensors header refuses a name twice"),
    };

    [Fact]
    public void Every_ToDictionary_with_keys_of_its_own_says_why_they_are_distinct()
    {
        var found = Lines().Where(line => MakesKeys().IsMatch(line.Text)).CountBy(line => line.File).ToDictionary();

        Assert.Equal(_distinct.Select(entry => (entry.Key, entry.Value.Uses)).Order(), found.Select(entry => (entry.Key, entry.Value)).Order());
    }

    [Fact]
    public void JSON_that_is_to_be_changed_is_copied_by_JsonFields() => Assert.Equal(
        ["src/Serving/Transports/Http/Document/ApiDocument.cs"], // examples of our own
        Lines().Where(line => line.Text.Contains("JsonNode.Parse(", StringComparison.Ordinal)).Select(line => line.File));

    [Theory]
    [InlineData("tensors.ToDictionary(tensor => tensor.Name)")]
    [InlineData("var kinds = names.ToDictionary(")]
    [InlineData("pairs.ToFrozenDictionary(pair => pair.Key, pair => pair.Value)")]
    public void The_rule_sees_keys_being_made(string line) => Assert.Matches(MakesKeys(), line);

    [Theory]
    [InlineData("counts.CountBy(text => text).ToDictionary()")]
    [InlineData("pairs.ToDictionary(StringComparer.Ordinal)")]
    public void The_rule_lets_copies_of_pairs_be(string line) => Assert.DoesNotMatch(MakesKeys(), line);

    private static IEnumerable<(string File, string Text)> Lines() =>
        from path in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')
        where !file.Contains("/obj/", StringComparison.Ordinal)
        from line in File.ReadLines(path)
        select (file, line);

    [GeneratedRegex(@"\.To(Frozen|Immutable)?Dictionary\((?!\)|StringComparer)")]
    private static partial Regex MakesKeys();
}
