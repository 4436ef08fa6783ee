using System.Globalization;

namespace LoraOnnx.Evaluation.Gate;

/// <summary>What a token of an expression is.</summary>
internal enum TokenKind
{
    Number,
    Figure,
    Sign,
    End,
}

/// <summary>A piece of an expression and where it starts.</summary>
internal readonly record struct ExpressionToken(TokenKind Kind, string Text, int Start)
{
    private static readonly string[] _signs = [">=", "<=", "==", "!=", ">", "<", "+", "-", "*", "/", "(", ")"];

    /// <summary>Cuts an expression into tokens. A model's name may hold dashes (<c>lora-r8.f1</c>), a figure's name may not, so <c>raw.f1-0.01</c> is
    /// a difference.</summary>
    /// <exception cref="InputException">A character belongs to nothing.</exception>
    public static IReadOnlyList<ExpressionToken> Cut(string expression)
    {
        var tokens = new List<ExpressionToken>();
        for (var i = 0; i < expression.Length;)
        {
            if (char.IsWhiteSpace(expression[i]))
            {
                i++;
                continue;
            }

            var token = Next(expression, i);
            tokens.Add(token);
            i += token.Text.Length;
        }

        return [.. tokens, new ExpressionToken(TokenKind.End, "", expression.Length)];
    }

    private static ExpressionToken Next(string expression, int start)
    {
        var rest = expression.AsSpan(start);
        if (char.IsAsciiDigit(rest[0]) || rest[0] == '.')
        {
            return new ExpressionToken(TokenKind.Number, expression[start..(start + NumberLength(rest))], start);
        }

        if (char.IsAsciiLetter(rest[0]))
        {
            return new ExpressionToken(TokenKind.Figure, expression[start..(start + FigureLength(rest))], start);
        }

        var sign = Array.Find(_signs, sign => expression.AsSpan(start).StartsWith(sign, StringComparison.Ordinal));
        return sign is not null ? new ExpressionToken(TokenKind.Sign, sign, start)
            : throw new InputException(
                $"--require \"{expression}\": '{rest[0]}' at character {(start + 1).ToString(CultureInfo.InvariantCulture)} means nothing.",
                Condition.Example);
    }

    private static int NumberLength(ReadOnlySpan<char> rest)
    {
        var length = Digits(rest, 0);
        return length < rest.Length && rest[length] is 'e' or 'E'
            ? Digits(rest, length + (length + 1 < rest.Length && rest[length + 1] is '+' or '-' ? 2 : 1))
            : length;
    }

    private static int Digits(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && (char.IsAsciiDigit(text[start]) || text[start] == '.'))
        {
            start++;
        }

        return start;
    }

    private static int FigureLength(ReadOnlySpan<char> rest)
    {
        var dot = rest.IndexOfAnyExcept(NameCharacters);
        if (dot < 0 || rest[dot] != '.')
        {
            return dot < 0 ? rest.Length : dot;
        }

        var figure = rest[dot..].IndexOfAnyExcept(FigureCharacters);
        return figure < 0 ? rest.Length : dot + figure;
    }

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create(Letters + "-");

    private static readonly System.Buffers.SearchValues<char> FigureCharacters = System.Buffers.SearchValues.Create(Letters + ".");
}
