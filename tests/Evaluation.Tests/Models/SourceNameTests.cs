using LoraOnnx.Evaluation.Models;

namespace LoraOnnx.Evaluation.Tests.Models;

public sealed class SourceNameTests
{
    [Theory]
    [InlineData("runs/lora", "runs/lora"), InlineData("/home/me/runs/lora/", "lora"),
        InlineData("/home/me/onnx/lora/model.int8.onnx", "lora/model.int8.onnx")]
    [InlineData("http://me:secret@host:50051/sentiment", "http://host:50051/sentiment"),
        InlineData("hf:stanfordnlp/imdb:test", "hf:stanfordnlp/imdb:test")]
    public void A_report_tells_names_not_places(string path, string name) => Assert.Equal(name, SourceName.Of(path));
}
