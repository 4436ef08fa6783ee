using System.Buffers.Binary;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Unpacks blocks of Snappy and LZ4: literal bytes, and copies of what was unpacked before. Both return <see cref="TooSmall"/> where the
/// target has no room.</summary>
internal static class BlockFormats
{
    /// <summary>In place of the length of what was unpacked.</summary>
    public const int TooSmall = -1;

    /// <summary>github.com/google/snappy, format_description.txt.</summary>
    public static int Snappy(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        var source = new Source(packed);
        var length = source.Unsigned();
        var written = 0;
        while (!source.IsAtEnd)
        {
            var tag = source.Byte();
            var upper = tag >> 2;
            switch (tag & 3)
            {
                case 0:
                    if (!TryTake(ref source, upper < 60 ? upper + 1L : source.Number(upper - 59) + 1L, target, ref written))
                    {
                        return TooSmall;
                    }

                    break;
                case var kind:
                    var (count, distance) = kind switch
                    {
                        1 => ((upper & 7) + 4, ((upper >> 3) * 256L) + source.Byte()),
                        2 => (upper + 1, source.Number(2)),
                        _ => (upper + 1, source.Number(4)),
                    };
                    if (!TryRepeat(count, distance, target, ref written))
                    {
                        return TooSmall;
                    }

                    break;
            }
        }

        return (ulong)written == length ? written : throw new FormatException($"the packed data is damaged: {written} bytes, {length} promised.");
    }

    /// <summary>github.com/lz4/lz4, doc/lz4_Block_format.md.</summary>
    public static int Lz4(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        var source = new Source(packed);
        var written = 0;
        while (!source.IsAtEnd)
        {
            var token = source.Byte();
            if (!TryTake(ref source, source.Extended(token >> 4), target, ref written))
            {
                return TooSmall;
            }

            if (source.IsAtEnd)
            {
                break; // the last sequence has literals only
            }

            var distance = source.Number(2);
            if (!TryRepeat(source.Extended(token & 15) + 4, distance, target, ref written))
            {
                return TooSmall;
            }
        }

        return written;
    }

    private static bool TryTake(ref Source source, long count, Span<byte> target, ref int written)
    {
        var literal = source.Bytes(count);
        if (!literal.TryCopyTo(target[written..]))
        {
            return false;
        }

        written += literal.Length;
        return true;
    }

    private static bool TryRepeat(long count, long distance, Span<byte> target, ref int written)
    {
        if (distance <= 0 || distance > written)
        {
            throw new FormatException($"the packed data is damaged: a copy from {distance} bytes before byte {written}.");
        }

        if (count > target.Length - written)
        {
            return false;
        }

        for (var end = written + (int)count; written < end; written++) // the copy may read what it writes
        {
            target[written] = target[written - (int)distance];
        }

        return true;
    }

    /// <summary>The packed bytes, read in order.</summary>
    private ref struct Source(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        public readonly bool IsAtEnd => _left.IsEmpty;

        public int Byte() => Bytes(1)[0];

        public ReadOnlySpan<byte> Bytes(long count)
        {
            if (count > _left.Length)
            {
                throw EndsTooEarly();
            }

            var bytes = _left[..(int)count];
            _left = _left[(int)count..];
            return bytes;
        }

        public long Number(int bytes)
        {
            Span<byte> number = stackalloc byte[sizeof(uint)];
            number.Clear();
            Bytes(bytes).CopyTo(number);
            return BinaryPrimitives.ReadUInt32LittleEndian(number);
        }

        /// <summary>LZ4: 15 goes on with bytes that are added up, until one is below 255.</summary>
        public long Extended(int nibble)
        {
            var sum = (long)nibble;
            for (var next = nibble == 15 ? byte.MaxValue : 0; next == byte.MaxValue; sum += next)
            {
                next = Byte();
            }

            return sum;
        }

        public ulong Unsigned()
        {
            var length = Varint.Read(_left, out var value);
            _left = length > 0 ? _left[length..] : throw EndsTooEarly();
            return value;
        }

        private static FormatException EndsTooEarly() => new("the packed data is damaged: it ends too early.");
    }
}
