namespace LoraOnnx.Tests;

/// <summary>How long a test waits for what must come: only what never comes takes so long, however much else the machine has to do.</summary>
internal static class Patience
{
    public const int Milliseconds = 5 * 60 * 1000;

    public static readonly TimeSpan Time = TimeSpan.FromMilliseconds(Milliseconds);
}
