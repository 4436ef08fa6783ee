namespace LoraOnnx.Inference;

/// <summary>A loaded session that turns token ids into logits: packed for files of this toolkit, padded for the others.</summary>
internal interface ITokenModel : IDisposable
{
    /// <summary>Whether texts of all lengths may share a run; otherwise only those of one width.</summary>
    bool MixesWidths => false;

    /// <summary>Runs texts together; attention is padded to <paramref name="width"/> tokens, at least the longest text.</summary>
    /// <param name="batch">Ids of each text.</param>
    /// <param name="width">What attention is padded to.</param>
    /// <param name="logits">Takes the answers, each at its place.</param>
    /// <param name="places">A place for each text.</param>
    /// <param name="cancellationToken">Ends the run early.</param>
    void Run(ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken);

    /// <summary>Logits of one text.</summary>
    float[] RunAlone(int[] ids, int width)
    {
        var logits = new TextLogits();
        logits.Begin(1);
        Run([ids], width, logits, [0], CancellationToken.None);
        return logits[0].ToArray();
    }
}
