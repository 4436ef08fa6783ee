using System.Buffers.Binary;

namespace LoraOnnx.Texts.Parquet;

/// <summary>The values of a page, nulls left out, in order. Each is its bytes: those of a text, or of a number, lowest first.</summary>
internal interface IPageValues
{
    /// <summary>Valid until the next call.</summary>
    /// <exception cref="FormatException">There are no more.</exception>
    ReadOnlySpan<byte> Next();
}

/// <summary>One after the other.</summary>
internal sealed class PlainValues(ArraySegment<byte> data, PhysicalType type, int width) : IPageValues
{
    private readonly byte[] _truth = new byte[1];
    private int _at;

    public ReadOnlySpan<byte> Next()
    {
        if (type == PhysicalType.Boolean)
        {
            _truth[0] = (byte)PackedBits.Read(data, _at++, 1);
            return _truth;
        }

        return Take(type == PhysicalType.ByteArray ? BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int))) : width);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > data.Count - _at)
        {
            throw new FormatException("a page ends before its last value.");
        }

        _at += count;
        return data.AsSpan(_at - count, count);
    }
}

/// <summary>Places in the dictionary of the column.</summary>
internal sealed class DictionaryValues(ParquetDictionary dictionary, ArraySegment<byte> data) : IPageValues
{
    private readonly RunLengths? _places = data.Count > 0 && data[0] <= 32 ? new RunLengths(data[1..], data[0]) : null;

    public ReadOnlySpan<byte> Next() => dictionary[_places?.Next() ?? throw new FormatException("a page ends before its last value.")];
}

/// <summary>The values that pages refer to.</summary>
internal sealed class ParquetDictionary
{
    private readonly ArraySegment<byte> _data;
    private readonly int _width; // 0: each has its own length
    private readonly int[] _starts = [];
    private readonly int _count;

    public ParquetDictionary(ParquetPage page, PhysicalType type, int width)
    {
        (_data, _count, _width) = (page.Data, page.Values, width);
        if (page.Encoding is not (PageEncoding.Plain or PageEncoding.PlainDictionary) || type == PhysicalType.Boolean
            || (long)_count * Math.Max(_width, sizeof(int)) > _data.Count)
        {
            throw new FormatException($"a dictionary of {_data.Count} bytes in the encoding {page.Encoding} cannot hold {_count} values.");
        }

        if (_width == 0)
        {
            _starts = new int[_count];
            var values = new PlainValues(_data, type, width);
            for (var (index, start) = (0, 0); index < _count; index++)
            {
                _starts[index] = start + sizeof(int);
                start += sizeof(int) + values.Next().Length;
            }
        }
    }

    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            if (index < 0 || index >= _count)
            {
                throw new FormatException($"a value is number {index} of a dictionary of {_count}.");
            }

            return _width > 0 ? _data.AsSpan(index * _width, _width)
                : _data.AsSpan(_starts[index], BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(_starts[index] - sizeof(int))));
        }
    }
}

/// <summary>Truth values as runs.</summary>
internal sealed class TruthRuns(ArraySegment<byte> data) : IPageValues
{
    private readonly byte[] _truth = new byte[1];
    private readonly RunLengths _runs = new(data[Math.Min(sizeof(int), data.Count)..], bits: 1); // their length stands before them

    public ReadOnlySpan<byte> Next()
    {
        _truth[0] = (byte)_runs.Next();
        return _truth;
    }
}

/// <summary>Numbers as differences.</summary>
internal sealed class DeltaValues(ArraySegment<byte> data, int most) : IPageValues
{
    private readonly byte[] _number = new byte[sizeof(long)];
    private readonly DeltaNumbers _numbers = new(data, most);

    public ReadOnlySpan<byte> Next()
    {
        BinaryPrimitives.WriteInt64LittleEndian(_number, _numbers.Next());
        return _number;
    }
}

/// <summary>Texts behind all of their lengths.</summary>
internal sealed class DeltaLengthValues(ArraySegment<byte> data, int most) : IPageValues
{
    private readonly DeltaNumbers _lengths = new(data, most);
    private ArraySegment<byte> _texts = new DeltaNumbers(data, most).Rest();

    public ReadOnlySpan<byte> Next()
    {
        var length = _lengths.Next();
        if (length < 0 || length > _texts.Count)
        {
            throw new FormatException("a page ends before its last value.");
        }

        var text = _texts[..(int)length];
        _texts = _texts[(int)length..];
        return text;
    }
}

/// <summary>Texts that each begin like the one before.</summary>
internal sealed class DeltaTextValues(ArraySegment<byte> data, int most, int longest) : IPageValues
{
    private readonly DeltaNumbers _shared = new(data, most);
    private readonly DeltaLengthValues _rests = new(new DeltaNumbers(data, most).Rest(), most);
    private byte[] _text = [];
    private int _length;

    public ReadOnlySpan<byte> Next()
    {
        var shared = _shared.Next();
        var rest = _rests.Next();
        if (shared < 0 || shared > _length || shared + rest.Length > longest)
        {
            throw new FormatException($"a text shares {shared} bytes with one of {_length}.");
        }

        _length = (int)shared + rest.Length;
        if (_text.Length < _length)
        {
            Array.Resize(ref _text, Math.Max(_length, Math.Min(longest, 2 * _text.Length)));
        }

        rest.CopyTo(_text.AsSpan((int)shared));
        return _text.AsSpan(0, _length);
    }
}

/// <summary>Numbers whose first bytes come first, then all second bytes.</summary>
internal sealed class SplitValues(ArraySegment<byte> data, int width) : IPageValues
{
    private readonly byte[] _number = new byte[width];
    private int _next;

    public ReadOnlySpan<byte> Next()
    {
        var count = data.Count / _number.Length;
        if (_next >= count)
        {
            throw new FormatException("a page ends before its last value.");
        }

        for (var part = 0; part < _number.Length; part++)
        {
            _number[part] = data[(part * count) + _next];
        }

        _next++;
        return _number;
    }
}
