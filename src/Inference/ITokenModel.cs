namespace LoraOnnx.Inference;

/// <summary>A loaded session that turns token ids into logits: packed for files of this toolkit, padded for the others.</summary>
internal interface ITokenModel : IDisposable
{
    /// <summary>Whether texts of all lengths may share a run; otherwise only those of one width.</summary>
    bool MixesWidths => false;

    /// <summary>Logits [texts][labels]; attention is padded to <paramref name="width"/> tokens, at least the longest text.</summary>
    float[][] Run(IReadOnlyList<int[]> batch, int width, CancellationToken cancellationToken);
}
