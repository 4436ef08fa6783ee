using TorchSharp;

namespace LoraOnnx.Training.Engine;

/// <summary>Makes dropout depend on the run's seed and the number of the step alone, so that a resumed run needs no generator state.</summary>
internal static class DropoutSeed
{
    /// <summary>Before each step.</summary>
    public static void Set(long seed, long step)
    {
        // The odd constant of splitmix64 spreads neighbouring steps over the whole range of seeds.
        var mixed = unchecked(((ulong)seed * 0x9E3779B97F4A7C15) + ((ulong)step * 0xD1342543DE82EF95));
        torch.manual_seed((long)(mixed >> 1));
    }
}
