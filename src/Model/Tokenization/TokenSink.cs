using System.Buffers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Collects tokens in a pooled array: counts all, keeps the first so many. Disposed sinks are used again.</summary>
internal sealed class TokenSink : IDisposable
{
    private Token[] _tokens = [];
    private int _kept;
    private int _limit;

    /// <summary>An empty sink; the caller disposes it.</summary>
    public static TokenSink Rent(int limit)
    {
        var sink = PerThread<TokenSink>.Take();
        (sink._tokens, sink._kept, sink._limit, sink.Total) = (ArrayPool<Token>.Shared.Rent(256), 0, limit, 0);
        return sink;
    }

    /// <summary>Tokens seen, kept or not.</summary>
    public int Total { get; private set; }

    /// <summary>The tokens kept; valid until the sink is disposed.</summary>
    public ReadOnlySpan<Token> Kept => _tokens.AsSpan(0, _kept);

    public void Add(int id, int start, int end)
    {
        if (Total++ >= _limit)
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

    /// <summary>Gives every kept token its place in another text, by the place of each UTF-16 unit in it.</summary>
    public void Move(ReadOnlySpan<int> places)
    {
        foreach (ref var token in _tokens.AsSpan(0, _kept))
        {
            // A token ends after its last unit, not where the next one begins: between them may be what was left out.
            token = new Token(token.Id, places[token.Start], token.End > token.Start ? places[token.End - 1] + 1 : places[token.Start]);
        }
    }

    public void Dispose()
    {
        ArrayPool<Token>.Shared.Return(_tokens);
        _tokens = [];
        PerThread<TokenSink>.Return(this);
    }
}
