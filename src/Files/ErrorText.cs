using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace LoraOnnx.Files;

/// <summary>
/// The words of an <see cref="InputException"/>. Written as <c>$"tensor '{name}' ..."</c>, the compiler hands each hole over by itself, so that what
/// comes from a file is bounded and escaped (<see cref="VisibleText"/>) without anybody's remembering it; a text that comes whole is bounded and
/// escaped as a whole.
/// </summary>
[InterpolatedStringHandler]
public sealed class ErrorText
{
    /// <summary>Most characters of a whole message.</summary>
    public const int MostCharacters = 1000;

    private readonly StringBuilder _text;

    /// <summary>Called by the compiler.</summary>
    public ErrorText(int literalLength, int formattedCount) => _text = new StringBuilder(literalLength + (16 * formattedCount));

    private ErrorText(string whole) => _text = new StringBuilder(VisibleText.Of(whole, MostCharacters));

    /// <summary>Takes a text as it is, but bounded and escaped.</summary>
    [return: NotNullIfNotNull(nameof(whole))]
    public static implicit operator ErrorText?(string? whole) => whole is null ? null : new ErrorText(whole);

    /// <summary>As the conversion.</summary>
    [return: NotNullIfNotNull(nameof(whole))]
    public static ErrorText? FromString(string? whole) => whole;

    /// <summary>Our own words.</summary>
    public void AppendLiteral(string value) => _text.Append(value);

    /// <summary>Something that may be foreign.</summary>
    public void AppendFormatted<T>(T value) => AppendFormatted(value, null);

    /// <summary>Something that may be foreign, in a format.</summary>
    public void AppendFormatted<T>(T value, string? format)
    {
        var text = value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : value?.ToString();
        _text.Append(VisibleText.Of(text));
    }

    /// <summary>Something that may be foreign.</summary>
    public void AppendFormatted(ReadOnlySpan<char> value) => _text.Append(VisibleText.Of(value));

    /// <summary>The text, bounded.</summary>
    public override string ToString()
    {
        const int Kept = MostCharacters - 3;
        return _text.Length <= MostCharacters ? _text.ToString()
            : _text.ToString(0, char.IsHighSurrogate(_text[Kept - 1]) ? Kept - 1 : Kept) + "...";
    }
}
