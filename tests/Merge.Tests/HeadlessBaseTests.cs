using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests;

/// <summary>A DistilBERT body without a classification head can be merged only with a head that somebody trained.</summary>
public sealed class HeadlessBaseTests : IDisposable
{
    private readonly TinyModel _model = new();

    public HeadlessBaseTests() =>
        _model.Save(_model.Weights.Tensors.SkipLast(4)
            .Select(tensor => new NamedTensor(tensor.Name["distilbert.".Length..], tensor.Shape, tensor.Values)));

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Without_a_head_the_missing_tensors_are_named()
    {
        var error = Assert.Throws<InputException>(
            () => MergeInput.Read(new MergeOptions { Model = _model.Checkpoint, Out = "model.onnx" }, TestContext.Current.CancellationToken));

        Assert.Contains(
            "'pre_classifier.weight' [32, 32], 'pre_classifier.bias' [32], 'classifier.weight' [2, 32], 'classifier.bias' [2] are missing",
            error.Message, StringComparison.Ordinal);
        Assert.Contains("--head", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_given_with_the_body_is_taken()
    {
        var head = Path.Combine(_model.Folder, "head");
        Directory.CreateDirectory(head);
        SafetensorsWriter.Write(Path.Combine(head, Checkpoint.WeightsFileName), _model.Weights.Tensors.TakeLast(4));

        var input = MergeInput.Read(new MergeOptions { Model = _model.Checkpoint, Head = head, Out = "model.onnx" },
            TestContext.Current.CancellationToken);

        Assert.All(_model.Weights.Tensors, tensor => Assert.Equal(tensor.Values, input.Weights[tensor.Name].Values));
    }
}
