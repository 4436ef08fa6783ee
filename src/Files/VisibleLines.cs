namespace LoraOnnx.Files;

/// <summary>
/// Lines that the programs print: whatever foreign names and labels are in them, each stays one line, of bounded length, that steers no terminal
/// (<see cref="VisibleText"/>).
/// </summary>
public static class VisibleLines
{
    /// <summary>Most characters of a line; classes, modules and paths are told in lists.</summary>
    public const int MostCharacters = 16 << 10;

    /// <summary>A line on standard error: what is done, and what is not right.</summary>
    public static void Tell(string line) => Console.Error.WriteLine(VisibleText.Of(line, MostCharacters));

    /// <summary>A line on standard output: what was asked for.</summary>
    public static void Answer(string line) => Console.Out.WriteLine(VisibleText.Of(line, MostCharacters));
}
