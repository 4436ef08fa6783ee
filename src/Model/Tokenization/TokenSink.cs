using System.Buffers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Collects tokens in a pooled array: counts all, keeps the first <c>limit</c>.</summary>
internal ref struct TokenSink(int limit)
{
    private Token[] _tokens = ArrayPool<Token>.Shared.Rent(256);
    private int _kept;

    /// <summary>Tokens seen, kept or not.</summary>
    public int Total { get; private set; }

    /// <summary>The tokens kept; valid until the sink is disposed.</summary>
    public readonly ReadOnlySpan<Token> Kept => _tokens.AsSpan(0, _kept);

    public void Add(int id, int start, int end)
    {
        if (Total++ >= limit)
        {
            return;
        }

        if (_kept == _tokens.Length)
        {
            var longer = ArrayPool<Token>.Shared.Rent(_tokens.Length * 2);
            _tokens.CopyTo(longer, 0);
            ArrayPool<Token>.Shared.Return(_tokens);
            _tokens = longer;
        }

        _tokens[_kept++] = new Token(id, start, end);
    }

    /// <summary>Forgets all but the first <paramref name="total"/> tokens.</summary>
    public void TakeBackTo(int total)
    {
        Total = total;
        _kept = Math.Min(_kept, total);
    }

    public readonly void Dispose() => ArrayPool<Token>.Shared.Return(_tokens);
}
