namespace LoraOnnx.Model.Tokenization;

/// <summary>Which tokens of a text stay when there are more than fit between [CLS] and [SEP].</summary>
internal readonly record struct TruncationWindow
{
    public const int SpecialTokens = 2;

    private readonly int _room;
    private readonly int _fromHead;

    public TruncationWindow(int maxTokens, Truncation truncation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, SpecialTokens);
        _room = maxTokens - SpecialTokens;
        _fromHead = truncation switch
        {
            Truncation.Head => _room,
            Truncation.Tail => 0,
            _ => Math.Min(maxTokens / 4, _room), // 128 of 512: the rule of Sun et al. 2019, "How to Fine-Tune BERT for Text Classification?"
        };
    }

    /// <summary>Tokens worth keeping while a text is read: all where its end counts.</summary>
    public int Limit => _fromHead == _room ? _room : int.MaxValue;

    /// <summary>Tokens of the result, special ones included.</summary>
    public int Length(int total) => Math.Min(total, _room) + SpecialTokens;

    /// <summary>Which token of the text comes at <paramref name="index"/> of the result, special ones not counted.</summary>
    public int Source(int index, int total) => total <= _room || index < _fromHead ? index : total - _room + index;
}
