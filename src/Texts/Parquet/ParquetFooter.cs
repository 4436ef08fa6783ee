using System.Buffers.Binary;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Where the values of a column lie in a row group.</summary>
internal readonly record struct ParquetChunk(long Start, long Bytes, long Values, PageCodec Codec);

/// <summary>A part of the rows, column by column.</summary>
internal readonly record struct ParquetGroup(int Rows, IReadOnlyList<ParquetChunk> Chunks);

/// <summary>The end of a Parquet file: its columns and where they lie. What it says about sizes is held against the file.</summary>
/// <param name="Fields">The columns, as a reader of rows sees them.</param>
/// <param name="Groups">The parts of the rows, in order.</param>
/// <param name="Notes">What writers left beside the schema, by its key; Hugging Face's datasets keep the names of classes under <c>huggingface</c>,
/// as JSON.</param>
internal sealed record ParquetFooter(IReadOnlyList<ParquetField> Fields, IReadOnlyList<ParquetGroup> Groups, IReadOnlyDictionary<string,
    string> Notes)
{
    private const int LargestFooter = 16 << 20;
    private const int MostNotes = 256;

    /// <summary>Fewer rows are believed of any file, however small.</summary>
    private const int BelievedRows = 1 << 15;

    /// <summary>The same of the values of all columns.</summary>
    private const int BelievedValues = 1 << 22;

    /// <exception cref="FormatException">It is damaged, or says what the file cannot hold.</exception>
    public static ParquetFooter Read(Stream stream)
    {
        var reader = new ThriftReader(ReadBytes(stream));
        var (schema, groups, rows) = ((ParquetSchema?)null, new List<ParquetGroup>(), 0L);
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field == 2 && type == ThriftReader.List)
            {
                schema = ParquetSchema.Read(ref reader);
            }
            else if (field == 4 && type == ThriftReader.List)
            {
                var types = schema?.Stored ?? throw new FormatException("the row groups come before the schema.");
                for (var left = reader.Elements(ThriftReader.Struct); left > 0; left--)
                {
                    var group = ReadGroup(ref reader, stream.Length, types);
                    rows += group.Rows;
                    groups.Add(group);
                }
            }
            else if (field == 5 && type == ThriftReader.List)
            {
                ReadNotes(ref reader, notes);
            }
            else
            {
                reader.Skip(type);
            }
        }

        CheckSizes(groups, rows, stream.Length);
        return new ParquetFooter(schema?.Fields ?? throw new FormatException("it has no schema."), groups, notes);
    }

    /// <summary>Runs and dictionaries take any number of equal values into a few bytes, and groups may name the same bytes again and again: a file of
    /// few bytes is believed to have few of them.</summary>
    private static void CheckSizes(List<ParquetGroup> groups, long rows, long length)
    {
        if (rows > Math.Max(BelievedRows, 2 * length))
        {
            throw new FormatException($"its {length} bytes cannot hold {rows} rows of texts.");
        }

        var (bytes, values) = (0L, 0L);
        foreach (var chunk in groups.SelectMany(group => group.Chunks))
        {
            bytes += chunk.Bytes;
            values = chunk.Values > long.MaxValue - values ? long.MaxValue : values + chunk.Values;
        }

        if (bytes > length)
        {
            throw new FormatException($"its columns have {bytes} bytes, more than the file.");
        }

        if (values > Math.Max(BelievedValues, 8 * length))
        {
            throw new FormatException($"its {length} bytes cannot hold {values} values.");
        }
    }

    private static byte[] ReadBytes(Stream stream)
    {
        Span<byte> tail = stackalloc byte[8];
        if (stream.Length < 12)
        {
            throw new FormatException($"it has {stream.Length} bytes.");
        }

        stream.Position = stream.Length - 8;
        stream.ReadExactly(tail);
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || length < 0 || length > Math.Min(LargestFooter, stream.Length - 12))
        {
            throw new FormatException("it does not end as Parquet files do.");
        }

        var footer = new byte[length];
        stream.Position = stream.Length - 8 - length;
        stream.ReadExactly(footer);
        return footer;
    }

    private static void ReadNotes(ref ThriftReader reader, Dictionary<string, string> notes)
    {
        for (var left = reader.Elements(ThriftReader.Struct); left > 0; left--)
        {
            var (key, value, field) = ((string?)null, "", 0);
            while (reader.TryNextField(ref field, out var type))
            {
                switch (field)
                {
                    case 1 when type == ThriftReader.Binary:
                        key = reader.Text();
                        break;
                    case 2 when type == ThriftReader.Binary:
                        value = reader.Text();
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            if (key is not null && notes.Count < MostNotes)
            {
                notes[key] = value;
            }
        }
    }

    private static ParquetGroup ReadGroup(ref ThriftReader reader, long fileLength, List<PhysicalType> types)
    {
        var (chunks, rows) = (new List<ParquetChunk>(types.Count), 0L);
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field == 1 && type == ThriftReader.List)
            {
                for (var left = reader.Elements(ThriftReader.Struct); left > 0; left--)
                {
                    chunks.Add(chunks.Count < types.Count
                        ? ReadChunk(ref reader, fileLength, types[chunks.Count])
                        : throw new FormatException("a row group has more columns than the schema."));
                }
            }
            else if (field == 3)
            {
                rows = reader.Limited("rows:", int.MaxValue);
            }
            else
            {
                reader.Skip(type);
            }
        }

        return chunks.Count == types.Count
            ? new ParquetGroup((int)rows, chunks)
            : throw new FormatException("a row group has fewer columns than the schema.");
    }

    private static ParquetChunk ReadChunk(ref ThriftReader reader, long fileLength, PhysicalType expected)
    {
        var chunk = (ParquetChunk?)null;
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field == 1)
            {
                throw new FormatException("a column lies in another file, which is not supported.");
            }
            else if (field == 3 && type == ThriftReader.Struct)
            {
                chunk = ReadPlace(ref reader, fileLength, expected);
            }
            else
            {
                reader.Skip(type);
            }
        }

        return chunk ?? throw new FormatException("a column does not say where it lies (encrypted columns are not supported).");
    }

    private static ParquetChunk ReadPlace(ref ThriftReader reader, long fileLength, PhysicalType expected)
    {
        var (stored, codec, values, bytes, data, dictionary) = (-1L, 0L, 0L, 0L, 0L, 0L);
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            switch (field)
            {
                case 1:
                    stored = reader.Number();
                    break;
                case 4:
                    codec = reader.Limited("a compression", (long)PageCodec.Lz4Raw);
                    break;
                case 5:
                    values = reader.Limited("values:", long.MaxValue);
                    break;
                case 7:
                    bytes = reader.Limited("the bytes of a column:", fileLength);
                    break;
                case 9:
                    data = reader.Limited("the start of a column:", fileLength);
                    break;
                case 11:
                    dictionary = reader.Limited("the start of a dictionary:", fileLength);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        var start = dictionary > 0 && dictionary < data ? dictionary : data;
        return stored != (long)expected ? throw new FormatException($"a column is stored as type {stored}, the schema says {(long)expected}.")
            : start + bytes <= fileLength ? new ParquetChunk(start, bytes, values, (PageCodec)codec)
            : throw new FormatException($"a column from {start} of {bytes} bytes ends behind the file.");
    }
}
