using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace LoraOnnx.Texts.Parquet;

/// <summary>The values of a column in a row group, a row at a time.</summary>
internal sealed class ColumnReader(Stream stream, ParquetColumn column, ParquetChunk chunk, UnpackingBudget budget)
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    private readonly PageReader _pages = new(stream, chunk, budget);
    private long _left = chunk.Values;
    private int _inPage;
    private ParquetDictionary? _dictionary;
    private RunLengths? _repetitions;
    private RunLengths? _definitions;
    private IPageValues? _values;
    private bool _isRead; // one value is read and waits
    private int _repetition;
    private int _definition;

    public bool IsList => column.IsList;

    /// <summary>The value of the next row, null where it has none.</summary>
    /// <exception cref="FormatException">The file is damaged.</exception>
    public LabelCell? One()
    {
        Advance();
        return _definition == column.MostDefined ? Value() : null;
    }

    /// <summary>The values of the next row.</summary>
    /// <exception cref="FormatException">The file is damaged.</exception>
    public List<LabelCell> Several()
    {
        if (!_isRead)
        {
            Advance();
        }

        if (_repetition != 0)
        {
            throw new FormatException("a list begins in the middle.");
        }

        var cells = new List<LabelCell>();
        do
        {
            if (_definition >= column.ListDefined)
            {
                cells.Add(_definition == column.MostDefined ? Value() : new LabelCell(LabelKind.Other, "null"));
            }

            _isRead = _left > 0;
            if (_isRead)
            {
                Advance();
            }
        }
        while (_isRead && _repetition > 0);
        return cells;
    }

    /// <summary>Passes over the next row, whatever its values mean, and hands all that is stored of it to a column of the same shape.</summary>
    /// <exception cref="FormatException">The file is damaged.</exception>
    public void CopyRow(StoredColumn? target, TextTap? tap)
    {
        if (!_isRead)
        {
            Advance();
        }

        if (_repetition != 0)
        {
            throw new FormatException("a list begins in the middle.");
        }

        do
        {
            var value = _definition == column.MostDefined ? Stored() : default;
            target?.Add(_repetition, _definition, value);
            tap?.Bytes = _definition == column.MostDefined ? value.ToArray() : null;
            _isRead = column.MostRepeated > 0 && _left > 0;
            if (_isRead)
            {
                Advance();
            }
        }
        while (_isRead && _repetition > 0);
    }

    /// <summary>The bytes of a value as it is stored plainly.</summary>
    private ReadOnlySpan<byte> Stored()
    {
        var value = _values!.Next(); // there since the first page was opened
        if (value.Length > budget.Limits.LineBytes)
        {
            throw new FormatException($"a text is longer than {budget.Limits.LineBytes} bytes.");
        }

        budget.Spend(value.Length);
        return column.Width == 0 || column.Width == value.Length ? value
            : value.Length > column.Width && column.Type == PhysicalType.Int32 ? value[..column.Width] // differences are numbers of 64 bits
            : throw new FormatException($"a value has {value.Length} bytes, expected {column.Width}.");
    }

    /// <exception cref="FormatException">There are values left after the last row.</exception>
    public void End()
    {
        if (_left > 0 || _isRead)
        {
            throw new FormatException("a column has more values than the row group has rows.");
        }
    }

    private void Advance()
    {
        if (_left-- == 0)
        {
            throw new FormatException("a column has fewer values than the row group has rows.");
        }

        while (_inPage == 0)
        {
            Open(_pages.Next());
        }

        _inPage--;
        _repetition = _repetitions?.Next() ?? 0;
        _definition = _definitions?.Next() ?? 0;
    }

    private void Open(ParquetPage page)
    {
        if (page.IsDictionary)
        {
            _dictionary = new ParquetDictionary(page, column.Type, column.Width);
            return;
        }

        var data = page.Data;
        _inPage = page.Values;
        _repetitions = Levels(page.Repetition, column.MostRepeated, ref data);
        _definitions = Levels(page.Definition, column.MostDefined, ref data);
        _values = Open(page.Encoding, data, page.Values);
    }

    private static RunLengths? Levels(PageLevels levels, int most, ref ArraySegment<byte> data)
    {
        if (most == 0)
        {
            data = data[(levels.Bytes ?? 0)..];
            return null;
        }

        if (levels.Encoding != (long)PageEncoding.RunLengths)
        {
            throw new FormatException($"levels are in the encoding {levels.Encoding}, which is not supported.");
        }

        var length = levels.Bytes ?? (data.Count < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(data));
        data = levels.Bytes is null ? data[Math.Min(sizeof(int), data.Count)..] : data;
        if (length < 0 || length > data.Count)
        {
            throw new FormatException($"the levels of a page have {length} bytes, more than the page.");
        }

        var runs = RunLengths.UpTo(most, data[..length]);
        data = data[length..];
        return runs;
    }

    private IPageValues Open(PageEncoding encoding, ArraySegment<byte> data, int most)
    {
        var isWhole = column.Type is PhysicalType.Int32 or PhysicalType.Int64;
        var isText = column.Type is PhysicalType.ByteArray or PhysicalType.FixedBytes;
        return encoding switch
        {
            PageEncoding.Plain => new PlainValues(data, column.Type, column.Width),
            PageEncoding.PlainDictionary or PageEncoding.Dictionary =>
                new DictionaryValues(_dictionary ?? throw new FormatException("a page refers to a dictionary that is not there."), data),
            PageEncoding.RunLengths when column.Type == PhysicalType.Boolean => new TruthRuns(data),
            PageEncoding.DeltaNumbers when isWhole => new DeltaValues(data, most),
            PageEncoding.DeltaLengths when column.Type == PhysicalType.ByteArray => new DeltaLengthValues(data, most),
            PageEncoding.DeltaTexts when isText => new DeltaTextValues(data, most, budget.Limits.LineBytes),
            PageEncoding.SplitBytes when column.Width > 0 => new SplitValues(data, column.Width),
            _ => throw new FormatException($"values of type {column.Type} are in the encoding {encoding}, which is not supported."),
        };
    }

    private LabelCell Value()
    {
        var bytes = _values!.Next(); // there since the first page was opened
        switch (column.Kind)
        {
            case ParquetKind.Text:
                return new(LabelKind.Word, Text(bytes));
            case ParquetKind.Truth:
                return new(LabelKind.Truth, bytes[0] == 0 ? "false" : "true");
            case ParquetKind.Decimal:
                var number = column.Type == PhysicalType.Float
                    ? BinaryPrimitives.ReadSingleLittleEndian(bytes)
                    : BinaryPrimitives.ReadDoubleLittleEndian(bytes);
                return new(LabelKind.Decimal,
                    number.ToString(number == Math.Floor(number) && Math.Abs(number) < 1e15 ? "0.0" : "R", CultureInfo.InvariantCulture));
            default:
                var isWide = column.Type == PhysicalType.Int64;
                return new(LabelKind.Whole, column.Kind == ParquetKind.Unsigned
                    ? (isWide ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes)).ToString(
                        CultureInfo.InvariantCulture)
                    : (isWide ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes)).ToString(
                        CultureInfo.InvariantCulture));
        }
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > budget.Limits.LineBytes)
        {
            throw new FormatException($"a text is longer than {budget.Limits.LineBytes} bytes.");
        }

        budget.Spend(bytes.Length); // one that is in a dictionary may come many times
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException failure)
        {
            throw new FormatException($"a text is not UTF-8: {failure.Message}", failure);
        }
    }
}
