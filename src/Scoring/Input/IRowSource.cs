namespace LoraOnnx.Scoring.Input;

/// <summary>Rows of the input, in order.</summary>
internal interface IRowSource : IDisposable
{
    /// <summary>Passes over rows.</summary>
    void Skip(long rows);

    /// <summary>Reads up to <see cref="Chunk.Rows"/> rows, at most so many.</summary>
    Chunk Next(long most, CancellationToken cancellationToken);
}
