namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Texts of whole vocabulary words, so that their number of tokens is known; no two are the same, so that none is shared.</summary>
internal sealed class SampleTexts
{
    private readonly string[] _words;
    private readonly Random _random;

    public SampleTexts(string directory, int seed)
    {
        _words = [.. File.ReadLines(Path.Combine(directory, "vocab.txt")).Where(word => word.Length > 2 && word.All(char.IsAsciiLetterLower))];
        _random = new Random(seed);
    }

    /// <summary>A text of so many tokens, [CLS] and [SEP] included.</summary>
    public string OfTokens(int tokens) => string.Join(' ', Enumerable.Range(0, tokens - 2).Select(_ => _words[_random.Next(_words.Length)]));

    /// <summary>A text as reviews are: log-normal lengths with a median of about 60 tokens, from 5 to 512.</summary>
    public string Mixed()
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return OfTokens((int)Math.Clamp(Math.Exp(4.1 + 0.8 * normal), 5, 512));
    }
}
