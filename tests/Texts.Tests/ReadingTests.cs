using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>What is said while a file of texts is read, beside its texts.</summary>
public abstract class ReadingTests : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    private protected List<string> Notes { get; } = [];

    private protected List<string> Warnings { get; } = [];

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected IReadOnlyList<LabelledText> Read(string name, string content, TextOptions? options = null, ClassificationTask? task = null) =>
        ReadFile(Folder.Write(name, content), options, task);

    private protected IReadOnlyList<LabelledText> ReadFile(string path, TextOptions? options = null, ClassificationTask? task = null) =>
        [.. LabelledTexts.Read(path, options ?? new TextOptions(), task ?? Tasks.Reviews, new TextNotices(Notes.Add, Warnings.Add), null,
            CancellationToken.None)];
}
