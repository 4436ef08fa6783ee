
namespace LoraOnnx.Serving.Security;

/// <summary>Content of files that is read again when they change on disk; a change that cannot be used leaves the old content in force. Thread-safe.</summary>
/// <typeparam name="T">What the files are read as.</typeparam>
internal sealed class ReloadedFile<T>
    where T : class
{
    /// <summary>How often the disk is asked at most.</summary>
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly string[] _paths;
    private readonly Func<T> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly object _lock = new();
    private T _content;
    private string _stamp;
    private long _lookedAt;

    /// <summary>Reads the files for the first time; what is wrong then is the caller's to report.</summary>
    public ReloadedFile(string[] paths, Func<T> read, TimeProvider time, ILogger logger)
    {
        (_paths, _read, _time, _logger) = (paths, read, time, logger);
        _stamp = Stamp();
        _content = read();
        _lookedAt = time.GetTimestamp();
    }

    public T Content
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_lookedAt) >= _interval)
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
        var stamp = Stamp();
        if (stamp == _stamp)
        {
            return;
        }

        _stamp = stamp;
        try
        {
            _content = _read();
            ServingLog.Reloaded(_logger, _paths[0]);
        }
        catch (InputException failure)
        {
            ServingLog.ReloadFailed(_logger, _paths[0], failure.Message);
        }
    }

    private string Stamp() => string.Join(' ', _paths.Select(path => $"{File.GetLastWriteTimeUtc(path).Ticks}/{(File.Exists(path) ? new FileInfo(path).Length : -1)}"));
}
