using System.Buffers;
using System.IO.Compression;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>A packed message unpacked into pooled pieces, which never move as a growing array would, with the five bytes of an unpacked frame before it.</summary>
internal sealed class UnpackedMessage : IDisposable
{
    private const int PieceBytes = 64 << 10;

    /// <summary>What comes out of a packed message may be so many times what went in...</summary>
    private const int MostRatio = 8;

    /// <summary>... and so many bytes in any case: padded tensors pack a thousandfold.</summary>
    private const int AlwaysAllowed = 8 << 20;

    private readonly List<byte[]> _pieces = [];
    private readonly RequestLedger _ledger;

    private UnpackedMessage(RequestLedger ledger) => _ledger = ledger;

    /// <summary>Header and message; valid until this is disposed.</summary>
    public ReadOnlySequence<byte> Frame { get; private set; }

    public static (UnpackedMessage? Message, CallError? Error) Read(ReadOnlySequence<byte> packed, string encoding, int maxBytes, RequestLedger ledger)
    {
        var message = new UnpackedMessage(ledger);
        try
        {
            if (message.Fill(packed, encoding, maxBytes) is not { } error)
            {
                return (message, null);
            }

            message.Dispose();
            return (null, error);
        }
        catch (InvalidDataException)
        {
            message.Dispose();
            return (null, new CallError(ErrorKind.InvalidArgument, $"the message is not packed as grpc-encoding says ({encoding})."));
        }
    }

    public void Dispose()
    {
        _pieces.ForEach(piece => ArrayPool<byte>.Shared.Return(piece));
        _ledger.Return((long)_pieces.Count * PieceBytes);
        _pieces.Clear();
    }

    private CallError? Fill(ReadOnlySequence<byte> packed, string encoding, int maxBytes)
    {
        var most = Math.Min(maxBytes, Math.Max(AlwaysAllowed, MostRatio * packed.Length));
        using var source = new MemoryStream(packed.ToArray());
        using Stream unpacking = encoding == "gzip" ? new GZipStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
        var length = 0;
        var inPiece = IncomingMessages.HeaderBytes; // of the first piece
        while (true)
        {
            if (_ledger.Take(PieceBytes) is { } full)
            {
                return full;
            }

            _pieces.Add(ArrayPool<byte>.Shared.Rent(PieceBytes));
            var read = unpacking.ReadAtLeast(_pieces[^1].AsSpan(inPiece, PieceBytes - inPiece), PieceBytes - inPiece, throwOnEndOfStream: false);
            length += read;
            if (length > most)
            {
                return new CallError(ErrorKind.ResourceExhausted, most == maxBytes
                    ? $"the message is larger than {maxBytes >> 20} MiB when it is unpacked (--max-message-mib)."
                    : $"the message is packed too tightly: over {most >> 20} MiB come out of {packed.Length} bytes.");
            }

            if (inPiece + read < PieceBytes)
            {
                Frame = Chain(length, inPiece + read);
                return null;
            }

            inPiece = 0;
        }
    }

    private ReadOnlySequence<byte> Chain(int length, int lastLength)
    {
        IncomingMessages.WriteHeader(_pieces[0], length);
        var first = new Segment(_pieces[0].AsMemory(0, _pieces.Count == 1 ? lastLength : PieceBytes), null);
        var last = first;
        for (var i = 1; i < _pieces.Count; i++)
        {
            last = new Segment(_pieces[i].AsMemory(0, i == _pieces.Count - 1 ? lastLength : PieceBytes), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
