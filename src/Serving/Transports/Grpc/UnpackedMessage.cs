using System.Buffers;
using System.IO.Compression;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>A packed message unpacked, with the five bytes of an unpacked frame before it.</summary>
internal sealed class UnpackedMessage : IDisposable
{
    /// <summary>What comes out of a packed message may be so many times what went in...</summary>
    private const int MostRatio = 8;

    /// <summary>... and so many bytes in any case: padded tensors pack a thousandfold.</summary>
    private const int AlwaysAllowed = 8 << 20;

    private readonly PooledPieces _pieces;

    private UnpackedMessage(RequestLedger ledger) => _pieces = new PooledPieces(ledger);

    /// <summary>Header and message; valid until this is disposed.</summary>
    public ReadOnlySequence<byte> Frame { get; private set; }

    /// <summary>Unpacks a message of at most so many bytes.</summary>
    public static CallResult<UnpackedMessage> Read(ReadOnlySequence<byte> packed, string encoding, int maxBytes, RequestLedger ledger)
    {
        var message = new UnpackedMessage(ledger);
        CallError? error;
        try
        {
            error = message.Fill(packed, encoding, maxBytes);
        }
        catch (InvalidDataException)
        {
            error = new CallError(ErrorKind.InvalidArgument, $"the message is not packed as grpc-encoding says ({encoding}).");
        }

        if (error is null)
        {
            return message;
        }

        message.Dispose();
        return error;
    }

    public void Dispose() => _pieces.Dispose();

    private CallError? Fill(ReadOnlySequence<byte> packed, string encoding, int maxBytes)
    {
        var most = Math.Min(maxBytes, Math.Max(AlwaysAllowed, MostRatio * packed.Length));
        using var source = new MemoryStream(packed.ToArray());
        using Stream unpacking = encoding == "gzip"
            ? new GZipStream(source, CompressionMode.Decompress)
            : new ZLibStream(source, CompressionMode.Decompress);
        var length = 0;
        var start = IncomingMessages.HeaderBytes; // of the first piece
        while (true)
        {
            var (piece, full) = _pieces.Add();
            if (piece is null)
            {
                return full;
            }

            var wanted = PooledPieces.PieceBytes - start;
            var read = unpacking.ReadAtLeast(piece.AsSpan(start, wanted), wanted, throwOnEndOfStream: false);
            length += read;
            if (length > most)
            {
                return new CallError(ErrorKind.TooLarge, most == maxBytes
                    ? $"the message is larger than {maxBytes >> 20} MiB when it is unpacked (--max-message-mib)."
                    : $"the message is packed too tightly: over {most >> 20} MiB come out of {packed.Length} bytes.");
            }

            if (read < wanted)
            {
                IncomingMessages.WriteHeader(_pieces.First, length);
                Frame = _pieces.Chain(start + read);
                return null;
            }

            start = 0;
        }
    }
}
