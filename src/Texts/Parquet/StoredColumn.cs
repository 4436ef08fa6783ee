using System.Buffers;
using System.Buffers.Binary;
using ZstdSharp;

namespace LoraOnnx.Texts.Parquet;

/// <summary>What a row group says of one of its columns.</summary>
public sealed record StoredChunk(long Bytes, long Unpacked, long Values);

/// <summary>
/// The values of a stored column of a row group, packed a page at a time as they come: plain, behind their levels as runs, in Zstandard. The same
/// values give the same bytes.
/// </summary>
internal sealed class StoredColumn(ParquetColumn column)
{
    private const int PageBytes = 1 << 20;
    private const int Level = 3; // Zstandard's own default

    private readonly ArrayBufferWriter<byte> _pages = new();
    private readonly ArrayBufferWriter<byte> _values = new();
    private readonly LevelRuns _repetitions = new();
    private readonly LevelRuns _definitions = new();
    private int _inPage;
    private int _bits; // of truth values that are no byte yet
    private int _bitCount;
    private long _count;
    private long _unpacked;

    public ParquetColumn Column => column;

    /// <summary>Adds a value, or a null where the level is below that of values.</summary>
    public void Add(int repetition, int definition, ReadOnlySpan<byte> value)
    {
        if (repetition == 0 && _values.WrittenCount + _inPage >= PageBytes)
        {
            EndPage();
        }

        _repetitions.Add(repetition);
        _definitions.Add(definition);
        _inPage++;
        if (definition < column.MostDefined)
        {
            return;
        }

        switch (column.Type)
        {
            case PhysicalType.Boolean:
                AddBit(value[0] & 1);
                break;
            case PhysicalType.ByteArray:
                BinaryPrimitives.WriteInt32LittleEndian(_values.GetSpan(sizeof(int)), value.Length);
                _values.Advance(sizeof(int));
                _values.Write(value);
                break;
            default:
                _values.Write(value);
                break;
        }
    }

    /// <summary>Writes the column and begins anew.</summary>
    public StoredChunk End(Stream stream)
    {
        EndPage();
        stream.Write(_pages.WrittenSpan);
        var chunk = new StoredChunk(_pages.WrittenCount, _unpacked, _count);
        _pages.ResetWrittenCount();
        (_count, _unpacked) = (0, 0);
        return chunk;
    }

    private void AddBit(int bit)
    {
        _bits |= bit << _bitCount;
        if (++_bitCount == 8)
        {
            EndBits();
        }
    }

    private void EndBits()
    {
        if (_bitCount > 0)
        {
            _values.Write([(byte)_bits]);
            (_bits, _bitCount) = (0, 0);
        }
    }

    private void EndPage()
    {
        const int DataPage = 0, Plain = 0, Runs = 3;
        if (_inPage == 0)
        {
            return;
        }

        EndBits();
        var body = new ArrayBufferWriter<byte>();
        _repetitions.End(body, column.MostRepeated);
        _definitions.End(body, column.MostDefined);
        body.Write(_values.WrittenSpan);
        using var compressor = new Compressor(Level);
        var packed = compressor.Wrap(body.WrittenSpan);
        var header = new ThriftWriter().Field(1, DataPage).Field(2, body.WrittenCount).Field(3, packed.Length)
            .Struct(5, page => page.Field(1, _inPage).Field(2, Plain).Field(3, Runs).Field(4, Runs)).Stop().ToArray();
        _pages.Write(header);
        _pages.Write(packed);
        _unpacked += header.Length + body.WrittenCount;
        _count += _inPage;
        _inPage = 0;
        _values.ResetWrittenCount();
    }

    /// <summary>Levels as runs of one value.</summary>
    private sealed class LevelRuns
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private int _level;
        private int _length;

        public void Add(int level)
        {
            if (level != _level)
            {
                EndRun();
                _level = level;
            }

            _length++;
        }

        public void End(ArrayBufferWriter<byte> target, int most)
        {
            EndRun();
            if (most > 0)
            {
                BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(sizeof(int)), _bytes.WrittenCount);
                target.Advance(sizeof(int));
                target.Write(_bytes.WrittenSpan);
            }

            _bytes.ResetWrittenCount();
        }

        private void EndRun()
        {
            if (_length > 0)
            {
                Varint.Write(_bytes, (ulong)_length << 1);
                _bytes.Write([(byte)_level]); // schemas are nested less than 256 times
                _length = 0;
            }
        }
    }
}
