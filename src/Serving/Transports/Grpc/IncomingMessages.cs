using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;
using Microsoft.AspNetCore.Http.Features;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>
/// The body of a gRPC request, message by message: each is whole, unpacked and checked before the framework makes objects of it, and what it holds
/// stands in the ledger.
/// </summary>
/// <param name="inner">The body.</param>
/// <param name="shape">Of its messages.</param>
/// <param name="encoding">How packed messages are packed; null: not.</param>
/// <param name="maxBytes">Largest message.</param>
/// <param name="freeBytes">What the objects of a message may take beside twice its size.</param>
/// <param name="ledger">Of the request.</param>
internal sealed class IncomingMessages(PipeReader inner, MessageShape shape, string? encoding, int maxBytes, long freeBytes, RequestLedger ledger)
    : PipeReader, IRequestBodyPipeFeature
{
    /// <summary>One byte that tells whether the message is packed, four of its length.</summary>
    public const int HeaderBytes = 5;

    private ReadResult _given; // what ReadAsync returned and AdvanceTo has not finished with
    private bool _isGiven;
    private SequencePosition _afterFrame; // in the inner buffer
    private UnpackedMessage? _unpacked;
    private long _bufferedBytes; // in the ledger
    private long _messageBytes; // in the ledger, of the message read last

    public PipeReader Reader => this;

    public static void WriteHeader(Span<byte> header, int length)
    {
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
    }

    /// <summary>Hands over what the last message holds in the ledger: who takes it returns it.</summary>
    public long TakeOver()
    {
        var bytes = _messageBytes;
        _messageBytes = 0;
        return bytes;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_isGiven)
        {
            return _given;
        }

        while (true)
        {
            var result = await inner.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            try
            {
                Hold(buffer.Length);
                if (result.IsCanceled || Frame(buffer) is not { } frame)
                {
                    if (result.IsCanceled || result.IsCompleted)
                    {
                        return Give(result, buffer.End);
                    }

                    inner.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                }

                return Give(new ReadResult(frame, isCanceled: false, result.IsCompleted && buffer.Slice(_afterFrame).IsEmpty), _afterFrame);
            }
            catch
            {
                inner.AdvanceTo(buffer.Start, buffer.End);
                throw;
            }
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        result = _given;
        return _isGiven;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isGiven || !_given.Buffer.Slice(consumed).IsEmpty)
        {
            return; // the same is given again
        }

        inner.AdvanceTo(_afterFrame);
        _isGiven = false;
        _given = default;
        _unpacked?.Dispose();
        _unpacked = null;
        Hold(0);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _unpacked?.Dispose();
        _unpacked = null;
        inner.Complete(exception);
    }

    private ReadResult Give(ReadResult result, SequencePosition after)
    {
        (_given, _isGiven, _afterFrame) = (result, true, after);
        return result;
    }

    /// <summary>The first frame of the buffer, unpacked and checked; null while it is not whole.</summary>
    private ReadOnlySequence<byte>? Frame(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < HeaderBytes)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxBytes)
        {
            throw new CallError(ErrorKind.TooLarge,
                $"the message has {length} bytes; at most {maxBytes} are taken (--max-message-mib).").ToRpcException();
        }

        if (buffer.Length < HeaderBytes + length)
        {
            return null;
        }

        var frame = buffer.Slice(0, HeaderBytes + length);
        _afterFrame = frame.End;
        if (header[0] == 1 && encoding is "gzip" or "deflate") // the framework refuses what is packed in another way
        {
            _unpacked = UnpackedMessage.Read(frame.Slice(HeaderBytes), encoding, maxBytes, ledger).OrThrow();
            frame = _unpacked.Frame;
        }
        else if (header[0] != 0)
        {
            return frame;
        }

        var message = frame.Slice(HeaderBytes);
        var (cost, wrong) = WireCheck.Of(message, shape, freeBytes + 2 * message.Length);
        if ((wrong ?? ledger.Take(cost)) is { } refused)
        {
            throw refused.ToRpcException();
        }

        _messageBytes += cost;
        return frame;
    }

    private void Hold(long bytes)
    {
        var more = bytes - _bufferedBytes;
        if (more > 0 && ledger.Take(more) is { } full)
        {
            throw full.ToRpcException();
        }

        if (more < 0)
        {
            ledger.Return(-more);
        }

        _bufferedBytes = bytes;
    }
}
