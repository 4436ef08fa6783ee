namespace LoraOnnx.Texts.Parquet;

/// <summary>How values are written in a page; the numbers are those of the format.</summary>
internal enum PageEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    RunLengths = 3,
    DeltaNumbers = 5,
    DeltaLengths = 6,
    DeltaTexts = 7,
    Dictionary = 8,
    SplitBytes = 9,
}

/// <summary>Levels of a page: how many bytes they have (null where their length stands before them), and how they are written.</summary>
internal readonly record struct PageLevels(int? Bytes, long Encoding);

/// <summary>A page, unpacked.</summary>
/// <param name="IsDictionary">True for the values that later pages refer to.</param>
/// <param name="Values">How many values it has, nulls included.</param>
/// <param name="Encoding">How they are written.</param>
/// <param name="Repetition">Levels that come first, if the column has them.</param>
/// <param name="Definition">Levels that come next, if the column has them.</param>
/// <param name="Data">All of it; that of a data page is valid until the next page is read.</param>
internal readonly record struct ParquetPage(
    bool IsDictionary, int Values, PageEncoding Encoding, PageLevels Repetition, PageLevels Definition, ArraySegment<byte> Data);

/// <summary>Reads the pages of a column of a row group one after the other.</summary>
internal sealed class PageReader(Stream stream, ParquetChunk chunk, UnpackingBudget budget)
{
    private const int LongestHeader = 64 << 10;

    private readonly byte[] _headerBytes = new byte[Math.Min(LongestHeader, chunk.Bytes)];
    private readonly int _largestPage = 4 * budget.Limits.LineBytes; // writers begin a new page after about 1 MB, but a text stays whole
    private byte[] _packed = [];
    private byte[] _unpacked = [];
    private long _position = chunk.Start;
    private long _values = chunk.Values; // that pages may still have

    /// <exception cref="FormatException">The page is damaged, or the column has no more of them.</exception>
    public ParquetPage Next()
    {
        while (true)
        {
            var left = chunk.Start + chunk.Bytes - _position;
            if (left <= 0)
            {
                throw new FormatException("a column ends before its last value.");
            }

            stream.Position = _position;
            var header = Header.Read(
                _headerBytes.AsSpan(0, stream.ReadAtLeast(_headerBytes, (int)Math.Min(_headerBytes.Length, left), throwOnEndOfStream: false)),
                _largestPage, _values);
            if (header.Packed > left - header.Length)
            {
                throw new FormatException($"a page of {header.Packed} bytes ends behind its column.");
            }

            var start = _position + header.Length;
            _position = start + header.Packed;
            budget.Spend(Math.Max(header.Packed, header.Unpacked));
            if (header.Kind != Header.IndexPage)
            {
                _values -= header.Kind == Header.DictionaryPage ? 0 : header.Values;
                return Unpack(header, start);
            }
        }
    }

    private ParquetPage Unpack(Header header, long start)
    {
        if (_packed.Length < header.Packed)
        {
            _packed = new byte[header.Packed];
        }

        stream.Position = start;
        stream.ReadExactly(_packed, 0, header.Packed);
        var levels = header.IsVersion2 ? header.Repetition + header.Definition : 0; // which are not packed
        if (levels > Math.Min(header.Packed, header.Unpacked))
        {
            throw new FormatException($"the levels of a page have {levels} bytes, more than the page.");
        }

        var body = new ArraySegment<byte>(_packed, levels, header.Packed - levels);
        if (header.Kind == Header.DictionaryPage)
        {
            _unpacked = []; // the column keeps it
        }

        PageCompression.Unpack(header.IsPacked ? chunk.Codec : PageCodec.None, body, header.Unpacked - levels, ref _unpacked);
        var data = _unpacked;
        if (levels > 0)
        {
            data = new byte[header.Unpacked];
            _packed.AsSpan(0, levels).CopyTo(data);
            _unpacked.AsSpan(0, header.Unpacked - levels).CopyTo(data.AsSpan(levels));
        }

        if (header.Kind == Header.DictionaryPage)
        {
            _unpacked = [];
        }

        return new(header.Kind == Header.DictionaryPage, header.Values, header.Encoding,
            new(header.IsVersion2 ? header.Repetition : null, header.RepetitionEncoding),
            new(header.IsVersion2 ? header.Definition : null, header.DefinitionEncoding), new(data, 0, header.Unpacked));
    }

    /// <summary>The struct before each page.</summary>
    private struct Header()
    {
        public const int IndexPage = 1;
        public const int DictionaryPage = 2;
        private const int DataPageOfVersion2 = 3;

        public int Length { get; private set; }

        public int Kind { get; private set; }

        public int Packed { get; private set; }

        public int Unpacked { get; private set; }

        public int Values { get; private set; }

        public PageEncoding Encoding { get; private set; }

        /// <summary>Bytes of the levels, in a page of the second version.</summary>
        public int Repetition { get; private set; }

        public int Definition { get; private set; }

        public long RepetitionEncoding { get; private set; } = (long)PageEncoding.RunLengths;

        public long DefinitionEncoding { get; private set; } = (long)PageEncoding.RunLengths;

        public bool IsPacked { get; private set; } = true;

        public readonly bool IsVersion2 => Kind == DataPageOfVersion2;

        public static Header Read(ReadOnlySpan<byte> bytes, int largestPage, long mostValues)
        {
            var reader = new ThriftReader(bytes);
            var header = new Header();
            var (field, described) = (0, 0);
            while (reader.TryNextField(ref field, out var type))
            {
                switch (field)
                {
                    case 1:
                        header.Kind = (int)reader.Limited("a page of the kind", DataPageOfVersion2);
                        break;
                    case 2:
                        header.Unpacked = (int)reader.Limited("the unpacked bytes of a page:", largestPage);
                        break;
                    case 3:
                        header.Packed = (int)reader.Limited("the bytes of a page:", int.MaxValue);
                        break;
                    case 5 or 7 or 8 when type == ThriftReader.Struct:
                        described = field;
                        header.ReadOwn(ref reader, field == 8, field == 7 ? int.MaxValue : mostValues);
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            header.Length = reader.Position;
            return header.Kind == IndexPage || described == header.Kind + 5
                ? header
                : throw new FormatException($"a page of the kind {header.Kind} is not described as one.");
        }

        /// <summary>The part that only pages of its kind have.</summary>
        private void ReadOwn(ref ThriftReader reader, bool isVersion2, long mostValues)
        {
            var field = 0;
            while (reader.TryNextField(ref field, out var type))
            {
                switch (field, isVersion2)
                {
                    case (1, _):
                        Values = (int)reader.Limited("the values of a page:", Math.Min(mostValues, int.MaxValue));
                        break;
                    case (2, false) or (4, true):
                        Encoding = (PageEncoding)reader.Limited("a page of the encoding", (long)PageEncoding.SplitBytes);
                        break;
                    case (3, false) when type > ThriftReader.Falsehood: // in a dictionary it says whether values are sorted
                        DefinitionEncoding = reader.Number();
                        break;
                    case (4, false):
                        RepetitionEncoding = reader.Number();
                        break;
                    case (5, true):
                        Definition = (int)reader.Limited("the bytes of levels:", int.MaxValue / 2);
                        break;
                    case (6, true):
                        Repetition = (int)reader.Limited("the bytes of levels:", int.MaxValue / 2);
                        break;
                    case (7, true):
                        IsPacked = type != ThriftReader.Falsehood;
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }
        }
    }
}
