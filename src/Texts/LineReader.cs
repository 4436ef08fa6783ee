namespace LoraOnnx.Texts;

/// <summary>Cuts a stream into lines of bytes, in one growing buffer: the longest line decides the memory, and the limits how long it may
/// be.</summary>
internal sealed class LineReader(string path, Stream stream, TextLimits limits)
{
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private long _total;
    private bool _ended;

    /// <summary>The 1-based number of the line that <see cref="TryRead"/> gave last.</summary>
    public int Number { get; private set; }

    /// <summary>The next line without its line feed (a carriage return before it stays); valid until the next call.</summary>
    /// <exception cref="InputException">The line or the whole is longer than allowed, or the compressed data is damaged.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                line = _buffer.AsMemory(_start, searched + found);
                _start += searched + found + 1;
                Number++;
                return true;
            }

            searched = _end - _start;
            if (_ended)
            {
                line = _buffer.AsMemory(_start, searched);
                _start = _end;
                Number++;
                return searched > 0;
            }

            Fill();
        }
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end > limits.LineBytes)
        {
            throw InputException.InLine(path, Number + 1, $"is longer than {limits.LineBytes} bytes.", "is this a file of labelled texts?");
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Array.MaxLength));
        }

        var read = Read(stream, _buffer.AsSpan(_end), path, Number + 1);
        _ended = read == 0;
        _end += read;
        _total += read;

        if (_total > limits.TotalBytes)
        {
            throw InputException.InLine(path, Number + 1, $"the texts are larger than {limits.TotalBytes} bytes when unpacked.", "split the file.");
        }
    }

    /// <summary>Fills a buffer from the beginning of a file, as far as there is any.</summary>
    /// <exception cref="InputException">The compressed data is damaged, or it is not in its encoding.</exception>
    public static int ReadUpTo(Stream stream, Span<byte> buffer, string path)
    {
        var filled = 0;
        for (int read; filled < buffer.Length && (read = Read(stream, buffer[filled..], path, 1)) > 0;)
        {
            filled += read;
        }

        return filled;
    }

    private static int Read(Stream stream, Span<byte> buffer, string path, int line)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (InvalidDataException failure)
        {
            throw InputException.InLine(path, line, $"the compressed data is damaged: {failure.Message}", inner: failure);
        }
        catch (System.Text.DecoderFallbackException failure)
        {
            throw InputException.InLine(path, line, $"at or after this line the file is not in its encoding: {failure.Message}",
                TextLines.EncodingHint, failure);
        }
    }
}
