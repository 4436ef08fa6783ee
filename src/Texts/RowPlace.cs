namespace LoraOnnx.Texts;

/// <summary>Where a row stands: the file, and its line (in a table of rows, the row), counted from 1.</summary>
public readonly record struct RowPlace(string Path, int Line)
{
    /// <summary>Something that is wrong with the row.</summary>
    public InputException Error(ErrorText message, ErrorText? hint = null, Exception? inner = null) =>
        InputException.InLine(Path, Line, message, hint, inner);
}
