namespace LoraOnnx.Texts;

/// <summary>Who is told what reading a file of texts has found: choices that were made, and what looks wrong and was read all the same.</summary>
public sealed record TextNotices(Action<string> Note, Action<string> Warn)
{
    /// <summary>Tells nobody: for a file that is read a second time.</summary>
    public static TextNotices None { get; } = new(_ => { }, _ => { });

    /// <summary>Lines on standard error, as the programs write them.</summary>
    public static TextNotices OnStandardError { get; } = new(
        VisibleLines.Tell, WarningLines.Write);
}
