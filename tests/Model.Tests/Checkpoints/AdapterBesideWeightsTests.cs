using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Model.Tests.Checkpoints;

public sealed class AdapterBesideWeightsTests
{
    [Fact]
    public void An_adapter_beside_the_weights_is_said_not_to_be_applied()
    {
        using var model = new TinyModel();
        Assert.DoesNotContain(Checkpoint.Open(model.Checkpoint).Notes, note => note.Contains("adapter", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(model.Checkpoint, "adapter_config.json"), "{}");

        Assert.Contains(Checkpoint.Open(model.Checkpoint).Notes,
            note => note.EndsWith("adapter_config.json: the adapter beside the weights is not applied; name it with --adapter.",
                StringComparison.Ordinal));
    }
}
