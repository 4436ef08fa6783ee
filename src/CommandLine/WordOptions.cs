using System.CommandLine;

namespace LoraOnnx.CommandLine;

/// <summary>
/// Options with a word for a value, each with the place of a record that it sets: programs share the list, and read it in one line.
/// </summary>
/// <param name="rows">Name, what the value is called, help, and the place.</param>
public sealed class WordOptions<T>(IEnumerable<(string Name, string Value, string Description, Func<T, string, T> Set)> rows)
{
    private readonly List<(Option<string?> Option, Func<T, string, T> Set)> _rows =
        [.. rows.Select(row => (new Option<string?>(row.Name) { HelpName = row.Value, Description = row.Description }, row.Set))];

    /// <summary>Puts them on a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _rows.ForEach(row => command.Options.Add(row.Option));
    }

    /// <summary>The record with what was given.</summary>
    public T Read(ParseResult parsed, T nothing)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return _rows.Aggregate(nothing, (record, row) => parsed.GetValue(row.Option) is { } word ? row.Set(record, word) : record);
    }
}
