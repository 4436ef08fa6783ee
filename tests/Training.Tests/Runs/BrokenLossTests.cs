using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>A run whose loss leaves the finite numbers.</summary>
public sealed class BrokenLossTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Fact]
    public void It_stops_with_the_step_and_leaves_a_checkpoint_of_finite_numbers()
    {
        var failure = Assert.Throws<InputException>(
            () => TrainedRun.Train(
                _task.Arguments(_task.Run, "--method", "lora+head", "--targets", "all-linear", "--alpha", "1e6", "--lr", "10", "--clip", "0",
                    "--warmup", "0",
            "--epochs", "200", "--batch-size", "4", "--checkpoint-seconds", "0")));

        Assert.Matches("the loss is .* at step [0-9]+, expected finite numbers", failure.Message);
        Assert.Contains(Path.Combine(_task.Run, "checkpoints", "last"), $"{failure.Message} {failure.Hint}", StringComparison.Ordinal);
        var checkpoint = TrainingCheckpoint.Load(Path.Combine(_task.Run, "checkpoints", "last"));
        Assert.NotNull(checkpoint);
        Assert.All(checkpoint.Engine.Tensors,
            tensor => Assert.All(tensor.Values, value => Assert.True(float.IsFinite(value), $"{tensor.Name} holds {value}.")));
    }
}
