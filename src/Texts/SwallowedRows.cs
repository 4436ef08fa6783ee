using System.Globalization;

namespace LoraOnnx.Texts;

/// <summary>
/// Sees when a quoted field goes on over lines that look like rows of their own: the header's number of fields, with a number or a label known from
/// earlier rows in the place of the label. The file is read as it is written, with a warning: its closing quote may be missing.
/// </summary>
internal sealed class SwallowedRows(TextNotices notices)
{
    private const int MostWarnings = 5;
    private const int MostLabels = 1000;

    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
    private ColumnRoles? _roles;
    private char _delimiter;
    private int _first;
    private int _count;
    private int _warnings;

    /// <summary>A record begins.</summary>
    public void Begin(ColumnRoles? roles, char delimiter) => (_roles, _delimiter, _count) = (roles, delimiter, 0);

    /// <summary>A line that does not end the record.</summary>
    public void Look(string line, int number)
    {
        if (_roles is null || line.AsSpan().Count(_delimiter) != _roles.Count - 1 || !IsLikely(DelimitedRecord.Literally(line, _delimiter)))
        {
            return;
        }

        _first = _count++ == 0 ? number : _first;
    }

    /// <summary>The record has ended.</summary>
    public void End(RowPlace place, IReadOnlyList<string> cells)
    {
        if (_count > 0 && _warnings++ < MostWarnings)
        {
            var what = _count == 1 ? "line that looks like a row" : "lines that look like rows";
            var last = _warnings == MostWarnings ? " Further ones are not told." : "";
            notices.Warn($"{place.Path}:{place.Line}: a quoted field that begins here swallows {_count} {what} of its own, line {_first} the first; "
                + $"is its closing quote missing?{last}");
        }

        if (_roles?.Label is { } label && cells.Count == _roles.Count && _labels.Count < MostLabels)
        {
            _labels.Add(cells[label].Trim());
        }
    }

    private bool IsLikely(string[] cells)
    {
        if (_roles!.LabelColumns.Count > 0) // a record has begun
        {
            return _roles.LabelColumns.All(column => cells[column].Trim() is "0" or "1");
        }

        const int EnoughWithoutLabels = 3; // a sentence has a comma soon
        return _roles.Label is not { } label ? cells.Length >= EnoughWithoutLabels
            : cells[label].Trim() is var cell && (_labels.Contains(cell)
                || double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
    }
}
