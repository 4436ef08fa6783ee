namespace LoraOnnx.Files;

/// <summary>Warnings on standard error: on one line, without what steers a terminal, and each said once a run of a program.</summary>
public static class WarningLines
{
    private static readonly AsyncLocal<HashSet<string>?> _said = new();

    /// <summary>Prints <c>warning: line</c>, unless this run has said the same before.</summary>
    public static void Write(string line)
    {
        var said = _said.Value;
        if (said is not null)
        {
            lock (said)
            {
                if (!said.Add(line))
                {
                    return;
                }
            }
        }

        Console.Error.WriteLine($"warning: {VisibleText.Of(line, ErrorText.MostCharacters)}");
    }

    /// <summary>Begins a run, which has said nothing yet.</summary>
    public static void Begin() => _said.Value = new HashSet<string>(StringComparer.Ordinal);
}
