using System.Buffers.Binary;

namespace LoraOnnx.Model.Texts;

/// <summary>
/// Compares the sizes that a Parquet file states with the file, before the library reads it: the library believes them, and a wrong one keeps it busy for minutes or
/// fills the memory.
/// </summary>
internal static class ParquetBounds
{
    private const int LargestFooter = 16 << 20;

    /// <summary>Writers begin a new page after about 1 MB.</summary>
    private const int LargestPage = 64 << 20;

    /// <summary>Rows of a group; every text takes a byte or more, so a small file has few.</summary>
    private const int MostRows = 1 << 24;

    private const int LongestPageHeader = 64 << 10;

    /// <exception cref="FormatException">A size does not fit the file, or is larger than any that a table of texts has.</exception>
    public static void Check(Stream stream)
    {
        var footer = Footer(stream);
        var reader = new ThriftReader(footer);
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field == 4 && type == 9)
            {
                for (var groups = reader.Count(out _); groups > 0; groups--)
                {
                    CheckGroup(ref reader, stream);
                }
            }
            else
            {
                reader.Skip(type);
            }
        }
    }

    private static byte[] Footer(Stream stream)
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

    private static void CheckGroup(ref ThriftReader reader, Stream stream)
    {
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field == 1 && type == 9)
            {
                for (var columns = reader.Count(out _); columns > 0; columns--)
                {
                    CheckColumn(ref reader, stream);
                }
            }
            else if (field == 3)
            {
                Limit("rows", reader.Number(), Math.Min(MostRows, Math.Max(1 << 16, 8 * stream.Length)));
            }
            else
            {
                reader.Skip(type);
            }
        }
    }

    private static void CheckColumn(ref ThriftReader reader, Stream stream)
    {
        var field = 0;
        while (reader.TryNextField(ref field, out var type))
        {
            if (field != 3 || type != 12)
            {
                reader.Skip(type);
                continue;
            }

            var (values, data, dictionary) = (0L, 0L, 0L);
            var inner = 0;
            while (reader.TryNextField(ref inner, out var innerType))
            {
                switch (inner)
                {
                    case 5:
                        values = Limit("values", reader.Number(), Math.Min(MostRows, Math.Max(1 << 16, 8 * stream.Length)));
                        break;
                    case 9:
                        data = reader.Number();
                        break;
                    case 11:
                        dictionary = reader.Number();
                        break;
                    default:
                        reader.Skip(innerType);
                        break;
                }
            }

            CheckPages(stream, dictionary > 0 && dictionary < data ? dictionary : data, values);
        }
    }

    private static void CheckPages(Stream stream, long position, long values)
    {
        var buffer = new byte[(int)Math.Min(LongestPageHeader, stream.Length)];
        while (values > 0)
        {
            stream.Position = Limit("page", position, stream.Length - 1);
            var header = new ThriftReader(buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
            var (packed, count, isData) = (0L, 0L, false);
            var field = 0;
            while (header.TryNextField(ref field, out var type))
            {
                switch (field)
                {
                    case 2:
                        Limit("unpacked bytes", header.Number(), LargestPage);
                        break;
                    case 3:
                        packed = Limit("bytes", header.Number(), stream.Length - position);
                        break;
                    case 5 or 7 or 8 when type == 12: // data page, dictionary page, data page of the second version
                        isData = field != 7;
                        count = Count(ref header, isData ? values : MostRows);
                        break;
                    default:
                        header.Skip(type);
                        break;
                }
            }

            values -= isData ? count : 0;
            position += header.Position + packed;
        }
    }

    /// <summary>The first field of a page's own header.</summary>
    private static long Count(ref ThriftReader header, long most)
    {
        var (field, count) = (0, 0L);
        while (header.TryNextField(ref field, out var type))
        {
            if (field == 1)
            {
                count = Limit("values", header.Number(), most);
            }
            else
            {
                header.Skip(type);
            }
        }

        return count;
    }

    private static long Limit(string what, long number, long most) =>
        number >= 0 && number <= most ? number : throw new FormatException($"{what}: {number}, expected 0 to {most}.");
}
