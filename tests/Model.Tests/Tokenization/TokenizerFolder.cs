using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>A directory with a tokenizer's files, put together by a test. It goes with the object.</summary>
internal sealed class TokenizerFolder : IDisposable
{
    public const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n##s\nFilm\nE\n##té\né\nete\n中\n文\n中文\n,\n[unused1]\n";

    public TokenizerFolder(string? config = null, string vocabulary = Vocabulary)
    {
        Write("vocab.txt", vocabulary);
        if (config is not null)
        {
            Write("tokenizer_config.json", config);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("lora-onnx-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public void Write(string name, string content) => File.WriteAllText(System.IO.Path.Combine(Path, name), content);

    public void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    public TextTokenizer Load() => TextTokenizer.Load(Path);

    /// <summary>The pieces of a text without [CLS] and [SEP], separated by spaces.</summary>
    public string Pieces(string text)
    {
        var tokenizer = Load();
        return string.Join(' ', tokenizer.Encode(text, 100, Truncation.Head).Ids[1..^1].Select(tokenizer.TokenText));
    }

    /// <summary>The message of the error that loading must end in.</summary>
    public string Error() => Assert.Throws<InputException>(Load).Message;
}
