namespace LoraOnnx.Tests.Fuzzing;

/// <summary>A file made to be slow, which says when a reader did not come to its end: then its time says nothing.</summary>
internal sealed class CountedFile(byte[] content)
{
    /// <summary>Gives a stream over the file.</summary>
    public void ReadToEnd(Action<Stream> read)
    {
        var stream = new CountedStream(content);
        try
        {
            read(stream);
        }
        catch (InputException error)
        {
            Assert.True(stream.Count == content.Length, $"only {stream.Count} of {content.Length} bytes were read: {error.Message}");
            throw;
        }

        Assert.Equal(content.Length, stream.Count);
    }

    private sealed class CountedStream(byte[] content) : MemoryStream(content, writable: false)
    {
        public long Count { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            var read = base.Read(buffer);
            Count = Math.Max(Count, Position);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            Count = Math.Max(Count, Position);
            return read;
        }
    }
}
