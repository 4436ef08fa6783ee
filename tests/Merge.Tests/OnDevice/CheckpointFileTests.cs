using LoraOnnx.Merge.OnDevice;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>A checkpoint of a device comes from a stranger: whatever it holds, it is read or refused.</summary>
public sealed class CheckpointFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        var checkpoint = CheckpointReader.Parse("checkpoint", Valid(1.5f));

        Assert.Equal(["a.weight", "b"], checkpoint.Learning.Select(tensor => tensor.Name));
        Assert.Equal([2, 3], checkpoint.Learning[0].Shape);
        Assert.Equal([1, 2, 3, 4, 5, 1.5f], checkpoint.Learning[0].Values);
        Assert.Equal("värde", checkpoint.Notes["note"]);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused() => Assert.Contains("'a.weight' holds NaN",
        Assert.Throws<InputException>(() => CheckpointReader.Parse("checkpoint", Valid(float.NaN))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_damaged_file_is_read_or_refused() => new FuzzRun(new Mutator([Valid(1.5f)], ["ODTC", "\u0001\u0000\u0000\u0000"]),
        "is no checkpoint", "has version", "expected fp32 numbers", "has no trained parameters", "holds NaN or infinite", "keeps its numbers")
    {
        Inputs = 20_000,
        MayBeMissed = ["has no trained parameters", "holds NaN or infinite", "keeps its numbers"],
    }.Check(bytes => CheckpointReader.Parse("checkpoint", bytes));

    private byte[] Valid(float last)
    {
        var path = Path.Combine(_folder.Path, "checkpoint");
        DeviceCheckpoint.Write(path, new DeviceCheckpoint(
            [new NamedTensor("a.weight", [2, 3], [1, 2, 3, 4, 5, last]), new NamedTensor("b", [1], [7])],
            [new NamedTensor("frozen", [3], [8, 9, 10])], new Dictionary<string, string> { ["note"] = "värde" }));
        return File.ReadAllBytes(path);
    }
}
