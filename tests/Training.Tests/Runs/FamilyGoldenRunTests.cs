using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Reference;
using LoraOnnx.Training.Tests.Engine;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>lora-train on every model that lies in golden/families: whatever is trained, the files are the model, and a run that was cut goes
/// on.</summary>
public sealed class FamilyGoldenRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FamilyGoldenRunTests() =>
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Repository.Path("artifacts", "test-cache")); // see TinyTask

    public static TheoryData<string> Models => [.. FamilyGolden.ModelsWith("model")];

    public static MatrixTheoryData<string, string> OnEngines => new(FamilyGolden.ModelsWith("model"), Engines.All);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(OnEngines))]
    public void The_files_of_a_run_are_the_model_that_was_trained(string model, string engine)
    {
        const double Tolerance = 1e-4; // fp32 sums in another order
        string[][] ways =
        [
            ["--epochs", "2", "--method", "lora", "--rslora"],
            ["--epochs", "2", "--method", "lora", "--dora", "--targets", "all-linear"],
            ["--epochs", "2", "--method", "head"],
            ["--epochs", "2", "--method", "lora+head", "--dora", "--targets", "all-linear", "--lora-dropout", "0.1"],
            ["--lora-epochs", "1", "--head-epochs", "1", "--method", "lora+head"],
        ];
        foreach (var (index, way) in ways.Index())
        {
            var run = TrainedRun.Train(Arguments(model, $"{index}", [.. way, "--engine", engine]));

            var expected = run.Run.ReadReferenceLogits()!; // every run writes them
            FamilyGolden.AssertClose([.. expected], [.. run.ManagedLogits(ReferenceTexts.All)], Tolerance);
            Assert.Contains(run.Lines, line => line.GetProperty("kind").GetString() == "step" && line.GetProperty("loss").GetDouble() > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Targets_are_query_key_and_value_and_have_a_name_that_no_family_owns(string model)
    {
        var blocks = Checkpoint.Open(FamilyGolden.CheckpointOf(model)).Config.Layout.Blocks;

        Assert.Equal(Names(blocks, block => [block.Query, block.Key, block.Value]), Trained(model, "default"));
        Assert.Equal(Names(blocks, block => [block.Value, block.Output, block.Down]), Trained(model, "roles", "--targets", "value,output,down"));
        Assert.Equal(Names(blocks, block => [block.Value, block.Output, block.Down]), Trained(model, "others", "--targets", "v_lin,out_lin,lin2"));
        Assert.Equal(Names(blocks, block => [block.Query, block.Up]), Trained(model, "own", "--targets", string.Join(',', Own(blocks))));
    }

    [Theory]
    [MemberData(nameof(OnEngines))]
    public void A_run_that_was_cut_goes_on_bit_by_bit(string model, string engine) =>
        AssertResumed(model, engine, threads: "1", [7], "--epochs", "2");

    /// <summary>Cut after the last step of the adapters, and in the second epoch of the head.</summary>
    [Theory]
    [MemberData(nameof(OnEngines))]
    public void So_does_one_whose_head_learns_after_its_adapters(string model, string engine) =>
        AssertResumed(model, engine, threads: "1", [10, 23], "--lora-epochs", "1", "--head-epochs", "2");

    public static TheoryData<string> AllEngines => [.. Engines.All];

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void So_it_does_on_two_threads(string engine) =>
        AssertResumed(FamilyGolden.ModelsWith("model").First(), engine, threads: "2", [7], "--epochs", "2");

    private void AssertResumed(string model, string engine, string threads, int[] cuts, params string[] length)
    {
        string[] options = ["--engine", engine, "--threads", threads, "--method", "lora+head", "--lora-dropout", "0.1", "--attention-dropout", "true",
            "--batch-size", "4", .. length];
        var whole = TrainedRun.Train(Arguments(model, "whole", options));
        foreach (var steps in cuts)
        {
            var cut = Arguments(model, $"cut-{steps}", options);

            TrainedRun.Cut(cut, steps);
            var resumed = TrainedRun.Train(cut, resume: true);

            Assert.Equal((engine, threads), (resumed.Record.Engine, $"{resumed.Record.Threads}"));
            Assert.Equal(TinyTask.Metrics(whole.Run.Path), TinyTask.Metrics(resumed.Run.Path));
            foreach (var file in (string[])["adapter/adapter_model.safetensors", "head/model.safetensors", "reference-logits.json"])
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Run.Path, file)), File.ReadAllBytes(Path.Combine(resumed.Run.Path, file)));
            }
        }
    }

    private string[] Arguments(string model, string run, params string[] more) =>
    [
        "--model", FamilyGolden.CheckpointOf(model),
        "--train", FamilyTexts.Write(Path.Combine(_folder.Path, "train.jsonl"), model, 40, seed: 1),
        "--validation", FamilyTexts.Write(Path.Combine(_folder.Path, "validation.jsonl"), model, 20, seed: 2),
        "--out", Path.Combine(_folder.Path, run), "--precision", "fp32", "--lr", "0.003",
        .. more.Contains("--threads") ? more : ["--threads", "1", .. more],
    ];

    private List<string> Trained(string model, string run, params string[] more) =>
        [.. TrainedRun.Train(Arguments(model, run, ["--rank", "2", "--epochs", "1", "--train-limit", "16", .. more])).Adapter!.Modules // trained
            .Select(module => module.Module).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Names(IEnumerable<BlockLayout> blocks, Func<BlockLayout, IEnumerable<LinearLayout>> of) =>
        blocks.SelectMany(of).Select(linear => linear.Name).Order(StringComparer.Ordinal);

    /// <summary>The checkpoint's own names of query and up, without what differs from block to block.</summary>
    private static IEnumerable<string> Own(IReadOnlyList<BlockLayout> blocks) => new[] { blocks[0].Query, blocks[0].Up }
        .Select(linear => string.Join('.', linear.Name.Split('.').SkipWhile(part => part != "0").Skip(1)));
}
