using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>
/// Some texts in a row of the data, small enough to hold. They are tokenized once for each tokenizer and limit, however many models share them.
/// </summary>
internal sealed class TextWindow
{
    private readonly Dictionary<(string Tokenizer, int MaxTokens, Truncation Truncation), EncodedText[]> _encoded = [];
    private readonly int _threads;

    public TextWindow(IReadOnlyList<LabelledText> texts, int threads)
    {
        Texts = texts;
        _threads = threads;
    }

    /// <summary>The texts, in the order of the data.</summary>
    public IReadOnlyList<LabelledText> Texts { get; }

    /// <summary>Encodings of all texts, in order.</summary>
    public IReadOnlyList<EncodedText> Encode(TextTokenizer tokenizer, int maxTokens, Truncation truncation)
    {
        var key = (tokenizer.ContentHash, maxTokens, truncation);
        if (!_encoded.TryGetValue(key, out var encoded))
        {
            encoded = new EncodedText[Texts.Count];
            Parallel.For(0, Texts.Count, new ParallelOptions { MaxDegreeOfParallelism = _threads },
                text => encoded[text] = tokenizer.Encode(Texts[text].Text, maxTokens, truncation));
            _encoded.Add(key, encoded);
        }

        return encoded;
    }
}
