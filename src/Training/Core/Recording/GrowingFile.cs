
namespace LoraOnnx.Training.Recording;

/// <summary>
/// A file that only grows: metrics and events. A checkpoint notes its length; going on from the checkpoint cuts the file to that length, so that
/// nothing is in it twice.
/// </summary>
internal sealed class GrowingFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;

    /// <summary>Opens or makes the file and cuts it to <paramref name="length"/> bytes (0: starts anew).</summary>
    /// <exception cref="InputException">The file cannot be written, or is shorter than that.</exception>
    public GrowingFile(string path, long length)
    {
        _path = path;
        _stream = OrInputException(() => new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read));
        if (_stream.Length < length)
        {
            var found = _stream.Length;
            _stream.Dispose();
            throw InputException.InFile(path, $"has {found} bytes, the checkpoint knows of {length}.",
                "the file was changed after the run stopped; start a new run.");
        }

        _stream.SetLength(length);
        _stream.Position = length;
    }

    /// <summary>Bytes so far.</summary>
    public long Length => _stream.Position;

    public void Append(ReadOnlyMemory<byte> bytes) => OrInputException(() =>
    {
        _stream.Write(bytes.Span);
        return 0;
    });

    /// <summary>Hands everything to the operating system, and with <paramref name="toDisk"/> to the disk.</summary>
    public void Flush(bool toDisk) => OrInputException(() =>
    {
        _stream.Flush(toDisk);
        return 0;
    });

    public void Dispose() => _stream.Dispose();

    private T OrInputException<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(_path, failure, "check that the folder is writable and the disk has room; then go on with --resume.");
        }
    }
}
