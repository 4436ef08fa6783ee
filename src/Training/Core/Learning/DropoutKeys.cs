namespace LoraOnnx.Training.Learning;

/// <summary>
/// Keys of one pass's dropout masks for <see cref="CounterNoise"/>: each depends on the run's seed, the step, the part of the step and how many masks
/// came before in the pass, so that a resumed run needs no generator state.
/// </summary>
internal sealed class DropoutKeys
{
    private ulong _masks;

    /// <summary>Starts a pass.</summary>
    public DropoutKeys(ulong seed, long step, int part)
    {
        // Odd constants of splitmix64 and its kin spread neighbouring steps and parts over the whole range.
        Pass = unchecked((seed * 0x9E3779B97F4A7C15) + ((ulong)step * 0xD1342543DE82EF95) + ((ulong)part * 0xBF58476D1CE4E5B9));
    }

    /// <summary>What all keys of the pass have in common.</summary>
    public ulong Pass { get; }

    /// <summary>The key of the next mask.</summary>
    public ulong Next() => unchecked(Pass + (++_masks * 0x94D049BB133111EB));
}
