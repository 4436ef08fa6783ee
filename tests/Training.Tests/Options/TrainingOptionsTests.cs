using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Options;

public sealed class TrainingOptionsTests
{
    [Fact]
    public void All_problems_are_told_at_once()
    {
        var options = new TrainingOptions
        {
            Method = TrainingMethod.Head,
            LoraEpochs = 3,
            Patience = 2,
            BatchSize = 8,
            BatchTokens = 100,
            MaxLength = 128,
        };

        var problems = options.Problems().ToList();

        Assert.Equal(5, problems.Count); // both rules of --lora-epochs, batches, length, patience
        Assert.Contains(problems, problem => problem.Contains("--patience", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("--head-epochs", StringComparison.Ordinal));
    }

    [Fact]
    public void The_defaults_have_no_problem() => Assert.Empty(new TrainingOptions().Problems());

    [Fact]
    public void Options_come_back_from_run_json_and_differ_by_name()
    {
        var options = new TrainingOptions { Model = "m", Method = TrainingMethod.LoraAndHead, Rank = 4, LearningRate = 1e-4, Targets = ["q_lin"] };

        var read = TrainingOptions.FromJson(options.ToJson(), "run.json");

        Assert.Empty(TrainingOptions.Differences(options, read));
        Assert.Equal([("rank", "4", "5"), ("truncate", "head", "head+tail")],
            TrainingOptions.Differences(read, read with { Rank = 5, Truncate = Truncation.HeadAndTail }).Order());
    }

    [Fact]
    public void Only_options_on_the_command_line_change_a_preset()
    {
        var options = Parse(OriginalPreset.Options, "--model", "m", "--epochs", "2", "--dropout", "false", "--targets", "q_lin, v_lin");

        Assert.Equal(2, options.Epochs);
        Assert.False(options.Dropout);
        Assert.Equal(["q_lin", "v_lin"], options.Targets);
        Assert.Equal((2e-5, 32, 1.0, 10_000, AdapterInitialization.Original),
            (options.LearningRate, options.BatchSize, options.Alpha, options.TrainLimit, options.Init));
        Assert.Equal((0.0, 0.01, true), (options.Warmup, options.WeightDecay, options.AttentionDropout));
    }

    [Fact]
    public void The_preset_gives_way_to_options_that_stand_in_place_of_its_values()
    {
        string[] arguments = ["--method", "lora+head", "--lora-epochs", "10", "--head-epochs", "5", "--batch-tokens", "4096"];

        var options = Parse(OriginalPreset.Beside(arguments), arguments);

        Assert.Empty(options.Problems());
        Assert.Equal((null, null, 2e-5), (options.Epochs, options.BatchSize, options.LearningRate));
        Assert.Equal((15, 32), (OriginalPreset.Beside([]).Epochs, OriginalPreset.Beside([]).BatchSize));
    }

    [Theory]
    [InlineData("--rank", "0", "a whole number from 1 to 4096")]
    [InlineData("--lr", "nan", "a number from 1E-12 to 10")]
    [InlineData("--lr", "0", "a number from 1E-12 to 10")]
    [InlineData("--warmup", "1.1", "a number from 0 to 1")]
    [InlineData("--method", "full", "one of lora, head, lora+head")]
    [InlineData("--truncate", "middle", "one of head, tail, head+tail")]
    [InlineData("--targets", ",", "names with commas")]
    public void A_bad_value_is_named_with_what_was_expected(string option, string value, string expected)
    {
        var error = Assert.Single(TrainCommand.Create().Parse([option, value]).Errors);

        Assert.StartsWith($"{option} is '{value}', expected {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Phases_and_rates_follow_from_the_method()
    {
        Assert.Equal([new AdapterPhase(3, 2, 5e-4)], Phases(new TrainingOptions()));
        Assert.Equal([new HeadPhase(15, 1, 1e-3, OnAdapters: false)], Phases(new TrainingOptions { Method = TrainingMethod.Head }));
        Assert.Equal([new JointPhase(3, 2, 4e-4, 4e-4)], Phases(new TrainingOptions { Method = TrainingMethod.LoraAndHead, Rank = 16 }));
        Assert.Equal(
            [new AdapterPhase(10, 2, 5e-4), new HeadPhase(5, 1, 1e-3, OnAdapters: true)],
            Phases(new TrainingOptions { Method = TrainingMethod.LoraAndHead, LoraEpochs = 10, HeadEpochs = 5 }));
    }

    [Fact]
    public void A_head_of_rate_0_is_kept_where_it_was_left_out_before()
    {
        var options = new TrainingOptions { Method = TrainingMethod.LoraAndHead, HeadLearningRate = 0 };

        Assert.Equal([new JointPhase(3, 2, 5e-4, 0)], Phases(options));
        Assert.Equal([new AdapterPhase(3, 2, 5e-4)], EffectiveOptions.PhasesOf(options, new RunRules(1)));
    }

    private static IReadOnlyList<IPhase> Phases(TrainingOptions options) => EffectiveOptions.PhasesOf(options, RunRules.Current);

    private static TrainingOptions Parse(TrainingOptions start, params string[] arguments)
    {
        var table = TrainOptionTable.Create(TrainingEngines.All);
        var command = new System.CommandLine.RootCommand();
        foreach (var option in table.Options)
        {
            command.Options.Add(option);
        }

        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return table.Apply(parsed, start);
    }

    [Theory]
    [InlineData(24, 1.5e-3)]
    [InlineData(49, 1.5e-3)]
    [InlineData(50, 5e-4)]
    [InlineData(1000, 5e-4)]
    public void A_short_run_has_a_higher_rate_unless_one_is_given(int stepsPerEpoch, double rate)
    {
        Assert.Equal([new AdapterPhase(3, 2, rate)], EffectiveOptions.PhasesOf(new TrainingOptions(), RunRules.Current, stepsPerEpoch));
        Assert.Equal([new AdapterPhase(3, 2, 5e-4)], EffectiveOptions.PhasesOf(new TrainingOptions(), new RunRules(2), stepsPerEpoch));
        Assert.Equal([new AdapterPhase(3, 2, 1e-4)],
            EffectiveOptions.PhasesOf(new TrainingOptions { LearningRate = 1e-4 }, RunRules.Current, stepsPerEpoch));
    }

    [Fact]
    public void Steps_follow_texts_or_tokens_and_accumulation()
    {
        Assert.Equal(24, new TrainingOptions().StepsOf(370, 100_000));
        Assert.Equal(6, new TrainingOptions { GradientAccumulation = 4 }.StepsOf(370, 100_000));
        Assert.Equal(50, new TrainingOptions { BatchTokens = 2000 }.StepsOf(370, 100_000));
    }
}
