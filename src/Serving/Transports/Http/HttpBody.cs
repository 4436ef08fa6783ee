using System.Buffers;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Http;

/// <summary>The whole body of an HTTP request, unpacked; it stands in the request's ledger until this is disposed.</summary>
internal sealed class HttpBody : IDisposable
{
    private readonly PooledPieces _pieces;

    private HttpBody(RequestLedger ledger) => _pieces = new PooledPieces(ledger);

    public ReadOnlySequence<byte> Bytes { get; private set; }

    /// <summary>Reads the body, or says what is wrong with it.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public static async Task<CallResult<HttpBody>> ReadAsync(HttpContext context)
    {
        // What can be unpacked has been, and has its header no longer.
        var packing = context.Request.Headers.ContentEncoding.ToString();
        if (packing.Length > 0 && !packing.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return CallError.Invalid("Content-Encoding", $"is '{CallError.Shown(packing)}', expected gzip, deflate or br.");
        }

        var body = new HttpBody(context.Features.Get<RequestLedger>()!); // set for every request
        CallError? error;
        try
        {
            error = await body.FillAsync(context.Request.Body, context.RequestAborted);
        }
        catch (BadHttpRequestException failure) when (failure.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            error = new CallError(ErrorKind.TooLarge, "the body is larger than --max-message-mib allows, as it is or unpacked.", "body");
        }
        catch (BadHttpRequestException failure)
        {
            error = CallError.Invalid("body", failure.Message); // it broke off, or came too slowly
        }
        catch (InvalidDataException)
        {
            error = CallError.Invalid("body", "is not packed as Content-Encoding says.");
        }

        if (error is null)
        {
            return body;
        }

        body.Dispose();
        return error;
    }

    public void Dispose() => _pieces.Dispose();

    private async Task<CallError?> FillAsync(Stream source, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (piece, full) = _pieces.Add();
            if (piece is null)
            {
                return full;
            }

            var read = await source.ReadAtLeastAsync(piece.AsMemory(0, PooledPieces.PieceBytes), PooledPieces.PieceBytes, throwOnEndOfStream: false,
                cancellationToken);
            if (read < PooledPieces.PieceBytes)
            {
                Bytes = _pieces.Chain(read);
                return null;
            }
        }
    }
}
