using LoraOnnx.Graph;
using LoraOnnx.Merge.OnDevice;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>lora-merge --training-artifacts and --checkpoint as a user runs them.</summary>
public sealed class ArtifactTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    private string Folder => In("device");

    private string Trained => Path.Combine(Folder, TrainingArtifacts.CheckpointFile);

    [Theory]
    [InlineData("head", 4)]
    [InlineData("lora", 12)]
    [InlineData("lora+head", 16)]
    public void Four_files_are_written_and_the_method_says_what_learns(string method, int learning)
    {
        Succeed("--model", _model.Checkpoint, "--training-artifacts", Folder, "--method", method, "--rank", "2");

        Assert.Equal(["checkpoint", "eval_model.onnx", "optimizer_model.onnx", "training_model.onnx"],
            Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(learning, CheckpointReader.Read(Trained, CancellationToken.None).Learning.Count);
    }

    [Fact]
    public void A_checkpoint_comes_back_as_the_adapter_that_it_is()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);
        Succeed("--model", _model.Checkpoint, "--adapter", adapter, "--training-artifacts", Folder);

        Succeed("--checkpoint", Trained, "--out", In("back"));

        AssertSame(LoraAdapter.Load(adapter, _model.Config).Modules.SelectMany(module => module.Tensors),
            LoraAdapter.Load(In("back"), _model.Config).Modules.SelectMany(module => module.Tensors));
    }

    [Fact]
    public void A_checkpoint_of_adapters_and_head_comes_back_as_an_adapter_that_brings_the_head()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);
        Succeed("--model", _model.Checkpoint, "--adapter", adapter, "--training-artifacts", Folder, "--method", "lora+head");

        Succeed("--checkpoint", Trained, "--out", In("back"));

        AssertSame(_model.Config.Layout.Head.Keys.Select(key => _model.Weights[key]), LoraAdapter.Load(In("back"), _model.Config).Replacements);
    }

    [Fact]
    public void A_checkpoint_of_a_head_comes_back_as_the_head()
    {
        Succeed("--model", _model.Checkpoint, "--training-artifacts", Folder);

        Succeed("--checkpoint", Trained, "--out", In("back"));

        AssertSame(_model.Config.Layout.Head.Keys.Select(key => _model.Weights[key]), HeadFile.Read(In("back"), _model.Config));
    }

    [Fact]
    public void A_checkpoint_is_merged_like_the_adapter_that_it_is()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);
        Succeed("--model", _model.Checkpoint, "--adapter", adapter, "--training-artifacts", Folder);

        Succeed("--model", _model.Checkpoint, "--checkpoint", Trained, "--out", In("back", "model.onnx"));
        Succeed("--model", _model.Checkpoint, "--adapter", adapter, "--out", In("straight", "model.onnx"));

        var (back, straight) = (OnnxModel.Read(In("back", "model.onnx")), OnnxModel.Read(In("straight", "model.onnx")));
        Assert.Equal(straight.ToServingModel(_model.Config, Precision.Fp32), back.ToServingModel(_model.Config, Precision.Fp32));
        Assert.Equal("passed", back.Metadata[OnnxMetadata.Verification]);
    }

    [Fact]
    public void Adapters_are_folded_into_a_model_whose_head_alone_learns()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);

        Succeed("--model", _model.Checkpoint, "--adapter", adapter, "--training-artifacts", Folder, "--method", "head");

        var query = _model.Config.Layout.Blocks[0].Query.Weight;
        var bytes = File.ReadAllBytes(Trained).AsSpan();
        Assert.True(bytes.IndexOf(Bytes(_model.Weights[query])) < 0, "the checkpoint holds the weight without the adapter");
        Assert.True(bytes.IndexOf(
            Bytes(AdapterFold.Fold(_model.Weights, [(LoraAdapter.Load(adapter, _model.Config), 1)], 1).Merged[query])) > 0);
    }

    [Theory]
    [InlineData("--model M --training-artifacts D --checkpoint C", "both --training-artifacts and --checkpoint")]
    [InlineData("--model M --out x.onnx --method head", "--method goes with --training-artifacts")]
    [InlineData("--model M --training-artifacts D --rank 0 --method lora", "--rank is 0")]
    [InlineData("--model M --training-artifacts D --targets nothing --method lora", "'nothing'")]
    [InlineData("--model M", "--out")]
    [InlineData("--checkpoint vocab --out D", "is no checkpoint")]
    public void What_does_not_fit_is_said_and_nothing_is_written(string arguments, string part)
    {
        string[] words = [.. arguments.Split(' ').Select(word => word switch
        {
            "M" => _model.Checkpoint,
            "D" => Folder,
            "vocab" => Path.Combine(_model.Checkpoint, "vocab.txt"),
            _ => word,
        })];

        var result = Program(words);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(part, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder));
    }

    private static ReadOnlySpan<byte> Bytes(NamedTensor tensor) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.Values.AsSpan());

    private static void AssertSame(IEnumerable<NamedTensor> expected, IEnumerable<NamedTensor> found) => Assert.Equal(
        expected.Select(tensor => tensor.Values).ToList(), found.Select(tensor => tensor.Values).ToList());

    private string In(params string[] parts) => Path.Combine([_model.Folder, .. parts]);

    private static CommandResult Program(params string[] arguments) => Command.Run(Repository.Path("bin", "lora-merge"), arguments);

    private static void Succeed(params string[] arguments)
    {
        var result = Program(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
