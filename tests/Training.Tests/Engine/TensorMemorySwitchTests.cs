using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>The way back to libtorch's own allocator, in processes of their own.</summary>
public sealed class TensorMemorySwitchTests : IDisposable
{
    private readonly TinyTask _task = new(trainTexts: 8, validationTexts: 4);

    public void Dispose() => _task.Dispose();

    [Theory]
    [InlineData("range", 0, "")]
    [InlineData("libtorch", 0, "LORA_TRAIN_TENSOR_MEMORY: tensors have their memory from libtorch's own allocator")]
    [InlineData("none", 1, "LORA_TRAIN_TENSOR_MEMORY is 'none', expected range or libtorch.")]
    public void The_environment_chooses(string said, int exitCode, string expected)
    {
        var result = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run),
            environment: new Dictionary<string, string> { [TensorMemory.SwitchName] = said });
        var told = result.Output + result.Error;

        Assert.True(result.ExitCode == exitCode, told);
        Assert.Equal(said != "range", told.Contains(TensorMemory.SwitchName, StringComparison.Ordinal));
        Assert.Contains(expected, told.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }
}
