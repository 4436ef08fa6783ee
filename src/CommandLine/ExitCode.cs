namespace LoraOnnx.CommandLine;

/// <summary>What the programs return to the shell.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>Wrong input, a failed check, or an error.</summary>
    public const int Failure = 1;

    /// <summary>Ended by Ctrl+C (SIGINT).</summary>
    public const int Interrupted = 130;

    /// <summary>Ended by SIGTERM.</summary>
    public const int Terminated = 143;
}
