using System.Security.Cryptography;

namespace LoraOnnx.Serving.Security;

/// <summary>
/// What small files say, read again when their content changes. Content, not time stamps: a mounted Secret changes behind links whose own times stay.
/// Thread-safe.
/// </summary>
/// <typeparam name="T">What the files are read as.</typeparam>
internal sealed class ReloadedFiles<T>
    where T : class
{
    /// <summary>How often the disk is asked at most, and so how long a revoked key may live.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<FileText>, T> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly object _lock = new();
    private T _content;
    private string _hash;
    private long _lookedAt;

    /// <summary>Reads the files for the first time; what is wrong then is the caller's to report.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="read">Makes sense of them; an <see cref="InputException"/> leaves the content as it was.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of changes.</param>
    public ReloadedFiles(IReadOnlyList<string> paths, Func<IReadOnlyList<FileText>, T> read, TimeProvider time, ILogger logger)
    {
        (_paths, _read, _time, _logger) = (paths, read, time, logger);
        var files = ReadAll();
        _hash = HashOf(files);
        _content = read(files);
        _lookedAt = time.GetTimestamp();
    }

    public T Content
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_lookedAt) >= Interval)
                {
                    _lookedAt = _time.GetTimestamp();
                    Refresh();
                }

                return _content;
            }
        }
    }

    private void Refresh()
    {
        var files = ReadAll();
        var hash = HashOf(files);
        if (hash == _hash)
        {
            return;
        }

        _hash = hash;
        try
        {
            _content = _read(files);
            ServingLog.Reloaded(_logger, _paths[0]);
        }
        catch (InputException failure)
        {
            ServingLog.ReloadFailed(_logger, _paths[0], failure.Message);
        }
    }

    private FileText[] ReadAll() => [.. _paths.Select(FileText.Read)];

    private static string HashOf(FileText[] files) =>
        string.Join(' ', files.Select(
            file => file.Text is { } text ? Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))) : "-"));
}
