using System.Buffers;

namespace LoraOnnx.Texts;

/// <summary>Cuts a JSON array into its elements. It looks at brackets, commas and quotes only: what is between them is for the parser.</summary>
internal sealed class JsonElements(string path, LineReader lines, TextLimits limits)
{
    private readonly ArrayBufferWriter<byte> _element = new();
    private ReadOnlyMemory<byte> _line;
    private int _depth;
    private bool _inString;
    private bool _isEscaped;
    private bool _hasEnded;

    /// <summary>The next element with the line on which it begins; its bytes are valid until the next call.</summary>
    /// <exception cref="InputException">The array has no end, something follows it, or an element is too long.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> element, out RowPlace place)
    {
        _element.ResetWrittenCount();
        place = new RowPlace(path, lines.Number);
        while (true)
        {
            for (var index = 0; index < _line.Length; index++)
            {
                var value = _line.Span[index];
                if (_element.WrittenCount == 0 && !IsBlank(value))
                {
                    place = new RowPlace(path, lines.Number);
                }

                if (Look(value) is { } isEnd)
                {
                    Keep(_line.Span[..index], place);
                    _line = _line[(index + 1)..];
                    if (isEnd)
                    {
                        element = Element();
                        if (!element.IsEmpty || _hasEnded)
                        {
                            return !element.IsEmpty;
                        }
                    }

                    _element.ResetWrittenCount();
                    index = -1;
                }
            }

            Keep(_line.Span, place);
            if (!NextLine())
            {
                element = default;
                return _hasEnded ? false : throw new RowPlace(path, lines.Number)
                    .Error("the array does not end.", "the file was cut, or a bracket or quote is missing.");
            }
        }
    }

    /// <summary>True where a character ends an element, false where it begins the array, null elsewhere.</summary>
    private bool? Look(byte value)
    {
        if (_inString)
        {
            _inString = _isEscaped || value != '"';
            _isEscaped = value == '\\' && !_isEscaped;
            return null;
        }

        if (_hasEnded && !IsBlank(value))
        {
            throw new RowPlace(path, lines.Number).Error("something follows the end of the array.");
        }

        switch (value)
        {
            case (byte)'"':
                _inString = true;
                return null;
            case (byte)'[' or (byte)'{':
                return _depth++ == 0 ? false : null;
            case (byte)']' or (byte)'}':
                _hasEnded = --_depth == 0;
                return _hasEnded ? true : null;
            case (byte)',' when _depth == 1:
                return true;
            default:
                return null;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes, RowPlace place)
    {
        bytes = _element.WrittenCount == 0 ? bytes.TrimStart(" \t\r\n"u8) : bytes;
        if (_element.WrittenCount + bytes.Length > limits.LineBytes)
        {
            throw place.Error($"an element of the array is longer than {limits.LineBytes} bytes.", "is this a file of texts?");
        }

        _element.Write(bytes);
    }

    private ReadOnlyMemory<byte> Element() => _element.WrittenMemory;

    private bool NextLine()
    {
        if (!lines.TryRead(out _line))
        {
            _line = default;
            return false;
        }

        _line = lines.Number == 1 && _line.Span.StartsWith("\uFEFF"u8) ? _line[3..] : _line;
        if (_element.WrittenCount > 0)
        {
            _element.Write("\n"u8);
        }

        return true;
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
