using System.Buffers;
using System.Diagnostics;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Finds added tokens in a text: the first one, the longest where several begin at one place.</summary>
internal sealed class AddedTokenIndex
{
    private readonly (string Text, int Id, AddedTokenRules Rules)[] _tokens; // longest first
    private readonly SearchValues<string> _texts;

    public AddedTokenIndex(IEnumerable<(string Text, int Id, AddedTokenRules Rules)> tokens)
    {
        _tokens = [.. tokens.Where(token => token.Text.Length > 0).OrderByDescending(token => token.Text.Length)];
        _texts = SearchValues.Create([.. _tokens.Select(token => token.Text)], StringComparison.Ordinal);
    }

    public bool IsEmpty => _tokens.Length == 0;

    /// <summary>The first added token from a position on, with the white space that belongs to it.</summary>
    public bool Find(ReadOnlySpan<char> text, int position, out int start, out int end, out int id)
    {
        for (var from = position; ;)
        {
            start = text[from..].IndexOfAny(_texts);
            if (start < 0)
            {
                (end, id) = (0, -1);
                return false;
            }

            start += from;
            var (found, foundId, rules) = LongestAt(text[start..]);
            end = start + found.Length;
            if (!rules.Forbids(text[..start], text[end..]))
            {
                start -= rules.Before(text[position..start]); // what the token before took is taken
                end += rules.After(text[end..]);
                id = foundId;
                return true;
            }

            from = end;
        }
    }

    private (string Text, int Id, AddedTokenRules Rules) LongestAt(ReadOnlySpan<char> text)
    {
        foreach (var token in _tokens)
        {
            if (text.StartsWith(token.Text, StringComparison.Ordinal))
            {
                return token;
            }
        }

        throw new UnreachableException("an added token was found that is none. This is a bug.");
    }
}
