using System.Diagnostics;

namespace LoraOnnx.Training.Display;

/// <summary>Tells how far a pass over texts is and how long the rest will take, at the speed so far.</summary>
internal sealed class PassProgress(ITrainingDisplay display, string what, long tokens)
{
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>So many tokens are done, of all.</summary>
    public void Done(long done)
    {
        var share = (double)done / tokens;
        display.Preparing(what, share, Stopwatch.GetElapsedTime(_started) * ((1 - share) / share));
    }
}
