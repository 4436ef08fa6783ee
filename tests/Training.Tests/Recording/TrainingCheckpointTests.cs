using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Tests.Recording;

public sealed class TrainingCheckpointTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpoint-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_checkpoint_comes_back_bit_by_bit()
    {
        var metrics = new RunMetrics
        {
            Step = 3,
            Epoch = 1.0 / 3,
            Loss = Math.PI,
            F1 = 0.1,
            Accuracy = 0.2,
            MacroF1 = 0.3,
            Precision = 0.4,
            Recall = 0.5,
        };
        var checkpoint = new TrainingCheckpoint
        {
            Progress = new RunProgress
            {
                Phase = 1,
                PhaseStep = 5,
                Step = 9,
                EvaluatedAt = 4,
                Best = metrics,
                Last = metrics,
                EvaluationsSinceBest = 2,
                Tokens = 7,
                Seconds = 0.1,
            },
            Log = new RunLogPlace("events.1", 100, 200),
            Engine = new LearnerState(9, [new NamedTensor("w", [2], [float.Epsilon, -0f]), new NamedTensor("w.exp_avg", [], [0.1f])]),
        };

        checkpoint.Save(_directory);
        var read = TrainingCheckpoint.Load(_directory)!;

        Assert.Equal(checkpoint.Progress, read.Progress);
        Assert.Equal(checkpoint.Log, read.Log);
        Assert.Equal(9, read.Engine.Step);
        foreach (var (expected, actual) in checkpoint.Engine.Tensors.Zip(read.Engine.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)))
        {
            Assert.Equal(expected.Name, actual.Name);
            Assert.Equal(expected.Shape, actual.Shape);
            Assert.Equal(expected.Values.Select(BitConverter.SingleToInt32Bits), actual.Values.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void Before_the_first_checkpoint_there_is_none() => Assert.Null(TrainingCheckpoint.Load(_directory));

    [Fact]
    public void A_file_that_is_no_checkpoint_is_an_error()
    {
        SafetensorsWriter.Write(Path.Combine(_directory, "training-state.safetensors"), [new NamedTensor("w", [1], [1])]);

        Assert.Contains("not a training checkpoint", Assert.Throws<InputException>(() => TrainingCheckpoint.Load(_directory)).Message);
    }

    [Fact]
    public void A_damaged_checkpoint_says_what_is_left_of_the_run()
    {
        File.WriteAllBytes(Path.Combine(_directory, "training-state.safetensors"), [1, 2, 3]);

        Assert.Contains("start a new run", Assert.Throws<InputException>(() => TrainingCheckpoint.Load(_directory)).Hint);
    }

    [Fact]
    public void Going_on_cuts_the_log_to_where_the_checkpoint_was()
    {
        var path = Path.Combine(_directory, "log");
        using (var first = new GrowingFile(path, 0))
        {
            first.Append("kept\n"u8.ToArray());
            first.Append("lost\n"u8.ToArray());
        }

        using (var second = new GrowingFile(path, 5))
        {
            second.Append("again\n"u8.ToArray());
            Assert.Equal(11, second.Length);
        }

        Assert.Equal("kept\nagain\n", File.ReadAllText(path));
        Assert.Contains("has 11 bytes", Assert.Throws<InputException>(() => new GrowingFile(path, 12)).Message);
    }
}
