using System.Buffers;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports;

/// <summary>Bytes in pooled pieces, which never move as a growing array would; they stand in the ledger until this is disposed.</summary>
internal sealed class PooledPieces(RequestLedger ledger) : IDisposable
{
    public const int PieceBytes = 64 << 10;

    private readonly List<byte[]> _pieces = [];

    public byte[] First => _pieces[0];

    /// <summary>A further piece, or an error when there is no room for it. Exactly one of the two is set.</summary>
    public (byte[]? Piece, CallError? Error) Add()
    {
        if (ledger.Take(PieceBytes) is { } full)
        {
            return (null, full);
        }

        _pieces.Add(ArrayPool<byte>.Shared.Rent(PieceBytes));
        return (_pieces[^1], null);
    }

    /// <summary>All pieces, of which only the last is not full.</summary>
    public ReadOnlySequence<byte> Chain(int lastLength)
    {
        var first = new Segment(_pieces[0].AsMemory(0, _pieces.Count == 1 ? lastLength : PieceBytes), null);
        var last = first;
        for (var i = 1; i < _pieces.Count; i++)
        {
            last = new Segment(_pieces[i].AsMemory(0, i == _pieces.Count - 1 ? lastLength : PieceBytes), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public void Dispose()
    {
        _pieces.ForEach(piece => ArrayPool<byte>.Shared.Return(piece));
        ledger.Return((long)_pieces.Count * PieceBytes);
        _pieces.Clear();
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
