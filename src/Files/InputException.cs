namespace LoraOnnx.Files;

/// <summary>Something the user gave is wrong: a file, a line of data, an option. Programs print it as <c>error:</c> and <c>hint:</c> lines and exit
/// 1.</summary>
/// <remarks>
/// The message says where, what was found and what was expected, in one or two lines; the hint says what to do. What stands in a hole of
/// <c>$"..."</c> is taken for foreign: bounded and escaped.
/// </remarks>
public sealed class InputException : Exception
{
    private const int MostProblems = 20;

    /// <summary>An error that is not about one file.</summary>
    public InputException(ErrorText message, ErrorText? hint = null, Exception? inner = null)
        : this(inner, $"{message}", hint)
    {
    }

    /// <summary>Takes a text that can be shown as it is.</summary>
    private InputException(Exception? inner, string shown, ErrorText? hint)
        : base(shown, inner) => Hint = hint?.ToString();

    private InputException(string path, int? line, ErrorText message, ErrorText? hint, Exception? inner)
        : this(inner, $"{VisibleText.Of(path, ErrorText.MostCharacters)}{(line is null ? "" : $":{line}")}: {message}", hint)
    {
        Path = path;
        Line = line;
    }

    /// <summary>Several things that are wrong, a line each.</summary>
    public static InputException Several(IEnumerable<string> problems, ErrorText hint)
    {
        ArgumentNullException.ThrowIfNull(hint);
        const string NewLine = "\n       "; // below the first message, after "error: "
        return new(null, string.Join(NewLine, problems.Take(MostProblems).Select(problem => VisibleText.Of(problem, ErrorText.MostCharacters))),
            hint);
    }

    /// <summary>The file in question, as the user named it, or null.</summary>
    public string? Path { get; }

    /// <summary>The 1-based line in <see cref="Path"/>, or null.</summary>
    public int? Line { get; }

    /// <summary>What to do about it, or null where the message says it all.</summary>
    public string? Hint { get; }

    /// <summary>An error in a file: the message becomes <c>path: message</c>.</summary>
    public static InputException InFile(string path, ErrorText message, ErrorText? hint = null, Exception? inner = null) =>
        new(path, null, message, hint, inner);

    /// <summary>An error in a line of a file: the message becomes <c>path:line: message</c>.</summary>
    public static InputException InLine(string path, int line, ErrorText message, ErrorText? hint = null, Exception? inner = null) =>
        new(path, line, message, hint, inner);

    /// <summary>The system does not let a file be read: says why.</summary>
    public static InputException Unreadable(string path, Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return InFile(path, $"cannot be read: {Reason(failure)}", inner: failure);
    }

    /// <summary>The system does not let a file or directory be written: says why.</summary>
    public static InputException Unwritable(string path, Exception failure, string hint = "check that the folder is writable and the disk has room.")
    {
        ArgumentNullException.ThrowIfNull(failure);
        return InFile(path, $"cannot be written: {Reason(failure)}", hint, failure);
    }

    /// <summary>.NET's words without the path at their end, which may be that of a temporary sibling.</summary>
    private static string Reason(Exception failure)
    {
        const string PathBegins = " : '";
        return failure is UnauthorizedAccessException ? "access is denied." : $"{failure.Message.Split(PathBegins)[0].TrimEnd('.')}.";
    }
}
