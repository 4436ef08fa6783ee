namespace LoraOnnx.Texts.Parquet;

/// <summary>Whole numbers written as differences, in blocks of packed bits.</summary>
internal sealed class DeltaNumbers
{
    private const ulong LargestBlock = 1 << 20;

    private readonly ArraySegment<byte> _data;
    private readonly int _parts; // of a block
    private readonly int _partLength; // numbers in each
    private int _at; // what follows in the data
    private int _left;
    private long _next;
    private long _least; // difference that all of the block have in common
    private int _widthsAt; // bits of a number of each part, one byte each
    private int _part;
    private int _inPart; // numbers left
    private long _bit;

    /// <param name="data">Where they begin; what follows them may come after.</param>
    /// <param name="most">How many there are at most.</param>
    public DeltaNumbers(ArraySegment<byte> data, int most)
    {
        _data = data;
        var block = PackedBits.Unsigned(data, ref _at);
        var parts = PackedBits.Unsigned(data, ref _at);
        var count = PackedBits.Unsigned(data, ref _at);
        if (block > LargestBlock || parts == 0 || parts > block || block % (8 * parts) != 0 || count > (ulong)most)
        {
            throw new FormatException($"a page of differences has {count} numbers in blocks of {block} and {parts} parts.");
        }

        (_parts, _partLength, _left, _part) = ((int)parts, (int)(block / parts), (int)count, (int)parts);
        _next = PackedBits.Signed(data, ref _at);
    }

    /// <exception cref="FormatException">There are no more.</exception>
    public long Next()
    {
        if (_left == 0)
        {
            throw new FormatException("a page ends before its last value.");
        }

        var number = _next;
        if (--_left > 0)
        {
            _next = unchecked(_next + Difference());
        }

        return number;
    }

    /// <summary>The data behind all the numbers.</summary>
    public ArraySegment<byte> Rest()
    {
        while (_left > 0)
        {
            Next();
        }

        return _data[_at..];
    }

    private long Difference()
    {
        if (_inPart == 0)
        {
            BeginPart();
        }

        _inPart--;
        var bits = _data[_widthsAt + _part];
        var difference = unchecked(_least + (long)PackedBits.Read(_data, _bit, bits));
        _bit += bits;
        return difference;
    }

    private void BeginPart()
    {
        if (++_part >= _parts)
        {
            _least = PackedBits.Signed(_data, ref _at);
            (_part, _widthsAt) = (0, _at);
            _at += _parts;
        }

        var bits = _widthsAt + _part < _data.Count ? _data[_widthsAt + _part] : byte.MaxValue;
        var end = _at + ((long)bits * _partLength / 8);
        if (bits > 64 || end > _data.Count)
        {
            throw new FormatException("a page of differences ends too early.");
        }

        (_inPart, _bit, _at) = (_partLength, 8L * _at, (int)end);
    }
}
