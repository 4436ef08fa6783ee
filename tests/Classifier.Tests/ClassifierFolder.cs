using LoraOnnx.Graph;
using LoraOnnx.Inference;

namespace LoraOnnx.Classifier.Tests;

/// <summary>The ONNX directory of a tiny model; it goes with the object.</summary>
internal sealed class ClassifierFolder : IDisposable
{
    private readonly TinyModel _model;

    public ClassifierFolder(TinyModelOptions? options = null, Dictionary<string, string>? metadata = null)
    {
        _model = new TinyModel(options);
        using var stream = File.Create(System.IO.Path.Combine(Path, ModelFiles.Model));
        OnnxModelFile.Write(stream, _model.Weights, OnnxModelFile.DefaultOpset, metadata ?? []);
    }

    public string Path => _model.Checkpoint;

    public static IReadOnlyList<string> Texts { get; } =
    [
        "the film was very good", "awful", "", "the plot is slow, but the ending is great!", "i hated it. never again.",
        string.Join(' ', Enumerable.Repeat("the music was fine and the story long", 20)),
    ];

    public void Dispose() => _model.Dispose();
}
