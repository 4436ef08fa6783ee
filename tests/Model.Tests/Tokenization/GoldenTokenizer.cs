using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>One set of golden cases of WordPiece and the tokenizer that must reproduce it.</summary>
internal sealed class GoldenTokenizer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _cases;

    public GoldenTokenizer(string set, string vocabularyOf)
    {
        var sets = Repository.Path("tests", "Model.Tests", "golden", "tokenizer");
        _cases = Path.Combine(sets, set, "cases.jsonl.gz");
        File.Copy(Path.Combine(sets, set, "tokenizer_config.json"), Path.Combine(_folder.Path, "tokenizer_config.json"));
        File.Copy(Path.Combine(vocabularyOf == "demo" ? Golden.DemoModel : Path.Combine(sets, vocabularyOf), "vocab.txt"),
            Path.Combine(_folder.Path, "vocab.txt"));
    }

    public void Check() => GoldenCases.Check(TextTokenizer.Load(_folder.Path), _cases);

    public void Dispose() => _folder.Dispose();
}
