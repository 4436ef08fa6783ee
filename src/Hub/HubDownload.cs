using System.Net;

namespace LoraOnnx.Hub;

/// <summary>Fetches a file of the hub into the cache: goes on where an earlier attempt stopped, and checks what arrived against the hub's
/// hash.</summary>
public sealed class HubDownload(HubClient client, HubCache cache, HubRepository repository, IProgress<HubProgress>? progress)
{
    private const int Attempts = 3;

    /// <summary>Bytes that a connection must bring to be worth another: one that brings a byte each would go on for ever.</summary>
    private const int LeastProgress = 1 << 14;

    private const long LargestUndeclared = 64L << 30;

    /// <summary>Bytes between two reports.</summary>
    private const int Stride = 1 << 20;

    private const long Megabyte = 1_000_000;

    /// <summary>Makes sure that the file is in the snapshot.</summary>
    /// <exception cref="InputException">It cannot be fetched or written, or is damaged.</exception>
    public void Fetch(string name, HubFile file, CancellationToken cancellationToken)
    {
        if (cache.Has(file.Commit, name))
        {
            return;
        }

        try
        {
            using (cache.Lock(file.Etag, () => progress?.Report(new($"{name}: another process is fetching it, waiting ...", null)),
                cancellationToken))
            {
                if (!File.Exists(cache.BlobPath(file.Etag)))
                {
                    FetchBlob(name, file, cancellationToken);
                }

                cache.Link(file.Commit, name, file.Etag);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(cache.BlobPath(file.Etag), failure,
                "check that the cache (HF_HOME, HF_HUB_CACHE) is writable and the disk has room; what has arrived stays.");
        }
    }

    private void FetchBlob(string name, HubFile file, CancellationToken cancellationToken)
    {
        var part = cache.PartPath(file.Etag);
        using (var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read))
        {
            stream.Position = stream.Length <= (file.Size ?? long.MaxValue) ? stream.Length : 0;
            var problem = "";
            var furthest = stream.Position; // a store that lets a file begin anew brings the same bytes for ever
            for (var attempt = 0; attempt < Attempts && problem is not null; attempt++)
            {
                problem = stream.Position == file.Size ? null : TryContinue(name, file, stream, cancellationToken);
                attempt = stream.Position - furthest >= LeastProgress ? -1 : attempt; // as long as enough arrives, go on
                furthest = Math.Max(furthest, stream.Position);
            }

            stream.SetLength(stream.Position);
            stream.Flush(flushToDisk: true);
            if (problem is not null)
            {
                throw new InputException($"{repository.Id}/{name}: the download stopped after "
                    + $"{stream.Length}{(file.Size is { } size ? $" of {size}" : "")} bytes: {problem}",
                    "run it again: it goes on where it stopped.");
            }
        }

        if (BlobHash.Mismatch(part, file.Etag) is { } found)
        {
            File.Delete(part);
            throw new InputException($"{repository.Id}/{name}: what arrived has the hash {found}, the hub says {file.Etag}; it was removed.",
                "run it again; if it stays so, a proxy changes the file.");
        }

        File.Move(part, cache.BlobPath(file.Etag), overwrite: true);
    }

    private string? TryContinue(string name, HubFile file, FileStream stream, CancellationToken cancellationToken)
    {
        try
        {
            return Continue(name, file, stream, cancellationToken);
        }
        catch (HubUnreachableException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Fetches what is missing; null when all is there, else what stopped it.</summary>
    private string? Continue(string name, HubFile file, FileStream stream, CancellationToken cancellationToken)
    {
        using var response = client.Fetch(repository, name, stream.Position, cancellationToken);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            stream.Position = 0;
            return "the hub does not know the rest.";
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new InputException(
                $"{repository.Id}/{name}: {response.RequestMessage?.RequestUri?.Host} says {(int)response.StatusCode} {response.ReasonPhrase}.",
                "run it again.");
        }

        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != stream.Position)
        {
            stream.Position = 0; // all of it comes
        }

        return Copy(response, name, file, stream, cancellationToken)
            ?? (file.Size is { } size && stream.Position != size ? "the connection was closed." : null);
    }

    private string? Copy(HttpResponseMessage response, string name, HubFile file, FileStream stream, CancellationToken cancellationToken)
    {
        // A blocked read ends when the answer is disposed.
        using var registration = cancellationToken.Register(response.Dispose);
        var buffer = new byte[1 << 17];
        var reported = -(long)Stride;
        var speed = new LeastSpeed(TimeProvider.System, stream.Position);
        try
        {
            using var content = response.Content.ReadAsStream(cancellationToken);
            while (true)
            {
                int read;
                try
                {
                    read = content.Read(buffer);
                }
                catch (Exception failure) when (failure is IOException or HttpRequestException or ObjectDisposedException
                    && !cancellationToken.IsCancellationRequested)
                {
                    return failure.Message;
                }

                if (read == 0)
                {
                    return null;
                }

                if (stream.Position + read > (file.Size ?? LargestUndeclared))
                {
                    stream.SetLength(0);
                    throw new InputException($"{repository.Id}/{name}: more arrives than the {file.Size ?? LargestUndeclared} bytes that the hub "
                        + "declares; it was removed.",
                        "run it again; if it stays so, a proxy changes the file.");
                }

                stream.Write(buffer, 0, read);
                if (speed.Reached(stream.Position) is { } slow)
                {
                    return slow;
                }

                if (stream.Position - reported >= Stride || stream.Position == file.Size)
                {
                    reported = stream.Position;
                    Report(name, stream.Position, file.Size);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            stream.SetLength(stream.Position);
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private void Report(string name, long done, long? size) => progress?.Report(size is { } all and > 0
        ? new($"{name}: {InUnitsOf(all, done)} of {InUnitsOf(all, all)} {(all < Megabyte ? "kB" : "MB")}", (double)done / all)
        : new($"{name}: {InUnitsOf(Megabyte, done)} MB", null));

    /// <summary>Kilobytes for a file of less than a megabyte.</summary>
    private static string InUnitsOf(long all, long bytes) =>
        (bytes / (all < Megabyte ? 1e3 : 1e6)).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
}
