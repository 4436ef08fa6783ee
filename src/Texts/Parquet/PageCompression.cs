using System.IO.Compression;
using ZstdSharp;

namespace LoraOnnx.Texts.Parquet;

/// <summary>How pages are packed; the numbers are those of the format.</summary>
internal enum PageCodec
{
    None = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,
    Lz4Hadoop = 5,
    Zstandard = 6,
    Lz4Raw = 7,
}

/// <summary>Unpacks a page. A page that says it is large gets the memory only as it turns out to be so.</summary>
internal static class PageCompression
{
    private const int BelievedBytes = 1 << 20;

    /// <summary>Unpacks to exactly <paramref name="length"/> bytes at the beginning of <paramref name="target"/>, which is replaced where it is too
    /// small.</summary>
    /// <exception cref="FormatException">The data is damaged, or has another length.</exception>
    public static void Unpack(PageCodec codec, ArraySegment<byte> packed, int length, ref byte[] target)
    {
        if (length == 0)
        {
            return; // some writers pack nothing to nothing, others to a header
        }

        for (var room = Math.Min(length, Math.Max(BelievedBytes, 4L * packed.Count)); ; room = Math.Min(length, 4 * room))
        {
            if (target.Length < room)
            {
                target = new byte[room];
            }

            var written = TryUnpack(codec, packed, target.AsSpan(0, (int)room));
            if (written == length)
            {
                return;
            }

            if (written != BlockFormats.TooSmall || room == length)
            {
                throw new FormatException(
                    $"a page unpacks to {(written == BlockFormats.TooSmall ? "more" : $"{written} bytes")}, expected {length} bytes.");
            }
        }
    }

    private static int TryUnpack(PageCodec codec, ArraySegment<byte> packed, Span<byte> target)
    {
        try
        {
            switch (codec)
            {
                case PageCodec.None:
                    return packed.AsSpan().TryCopyTo(target) ? packed.Count : BlockFormats.TooSmall;
                case PageCodec.Snappy:
                    return BlockFormats.Snappy(packed, target);
                case PageCodec.Lz4Raw:
                    return BlockFormats.Lz4(packed, target);
                case PageCodec.Gzip:
                    using (var gzip = new GZipStream(Open(packed), CompressionMode.Decompress))
                    {
                        return Fill(gzip, target);
                    }

                case PageCodec.Brotli:
                    using (var brotli = new BrotliStream(Open(packed), CompressionMode.Decompress))
                    {
                        return Fill(brotli, target);
                    }

                case PageCodec.Zstandard:
                    using (var zstandard = new Decompressor())
                    {
                        return zstandard.TryUnwrap(packed, target, out var written) ? written : BlockFormats.TooSmall;
                    }

                default:
                    throw new FormatException($"its pages are packed with {codec}, which is not supported; write them with snappy or zstd.");
            }
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or ZstdException)
        {
            throw new FormatException($"the packed data is damaged: {failure.Message}", failure);
        }
    }

    // segments here are never without an array
    private static MemoryStream Open(ArraySegment<byte> packed) => new(packed.Array!, packed.Offset, packed.Count);

    private static int Fill(Stream stream, Span<byte> target)
    {
        var written = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        return stream.ReadByte() < 0 ? written : BlockFormats.TooSmall;
    }
}
