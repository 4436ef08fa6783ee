namespace LoraOnnx.Texts;

/// <summary>
/// Reads CSV and TSV with a header, between commas, semicolons or tabs, quoted as RFC 4180 says: a field in double quotes may hold delimiters, line
/// breaks and doubled quotes; a quote inside a field that does not begin with one is a character like any other. Between tabs many files are not
/// quoted at all: there a line is taken so where it closes on itself with the header's number of fields, else with its quotes as characters where
/// that gives the number, and else a quoted field goes on. Blank lines between rows mean nothing.
/// </summary>
internal sealed class DelimitedTable(string path, TextOptions options, bool labelled, TextNotices notices, char usual = ',')
{
    private readonly SwallowedRows _swallowed = new(notices);

    public IEnumerable<TextRow> Read(Stream stream, TextLimits limits)
    {
        var lines = new TextLines(path, stream, limits);
        if (Header(lines, limits) is not ({ } names, { } roles, var delimiter))
        {
            yield break;
        }

        while (Next(lines, out var line))
        {
            var (place, problem) = (lines.Place, lines.Problem);
            var cells = problem is null ? Cells(lines, line, delimiter, roles, limits, out problem) : [];
            yield return problem is null ? Row(place, names, roles, cells) : new TextRow { Place = place, Problem = problem, Names = names };
        }
    }

    /// <summary>The first line that is not blank, and the delimiter that it shows; null for an empty file.</summary>
    private (IReadOnlyList<string> Names, ColumnRoles Roles, char Delimiter)? Header(TextLines lines, TextLimits limits)
    {
        if (!Next(lines, out var line))
        {
            return null;
        }

        char? said = line.TrimEnd('\r') is ['s', 'e', 'p', '=', var one] ? one : null; // what Excel takes for its own
        if (said is not null && !Next(lines, out line))
        {
            return null;
        }

        if (line.Contains('\0', StringComparison.Ordinal))
        {
            throw lines.Place.Error("has null characters: it is no text in UTF-8.",
                "say what it is, such as --encoding utf-16, or save the file as UTF-8.");
        }

        var place = lines.Place;
        var delimiter = said ?? Delimiters.Of(line, usual);
        var cells = Cells(lines, line, delimiter, null, limits, out var problem);
        if ((lines.Problem ?? problem) is { } wrong)
        {
            throw wrong;
        }

        string[] names = [.. cells.Select(cell => cell.Trim())];
        var roles = new ColumnRoles(names, options, labelled, place);
        if (roles.Choice is { } choice)
        {
            notices.Note($"{path}: {choice}");
        }

        return (names, roles, delimiter);
    }

    /// <summary>The next line that is not blank.</summary>
    private static bool Next(TextLines lines, out string line)
    {
        while (lines.TryRead(out line))
        {
            if (line is not ("" or "\r"))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The fields of the record that begins with a line; those of the header where there are no roles yet.</summary>
    private IReadOnlyList<string> Cells(TextLines lines, string line, char delimiter, ColumnRoles? roles, TextLimits limits,
        out InputException? problem)
    {
        var place = lines.Place;
        var record = new DelimitedRecord(delimiter);
        var state = record.Take(line);
        if (delimiter == '\t' && roles is not null && !(state == RecordState.Whole && record.Cells.Count == roles.Count)
            && DelimitedRecord.Literally(line, delimiter) is var literal && literal.Length == roles.Count)
        {
            problem = null;
            return literal;
        }

        _swallowed.Begin(roles, delimiter);
        while (state == RecordState.GoesOn)
        {
            _swallowed.Look(line, lines.Place.Line);
            if (record.Length > limits.LineBytes)
            {
                throw place.Error($"the quoted field is longer than {limits.LineBytes} characters.", "is its closing quote missing?");
            }

            if (!lines.TryRead(out line))
            {
                throw place.Error("a quoted field does not end.", "a quote inside a quoted field is written twice.");
            }

            if (lines.Problem is { } undecoded)
            {
                problem = undecoded;
                return [];
            }

            state = record.Take(line);
        }

        problem = state == RecordState.Broken
            ? place.Error($"'{record.Unexpected}' follows the quote that ends field {record.Cells.Count}.",
                "a quote inside a quoted field is written twice.")
            : roles is not null && record.Cells.Count != roles.Count
            ? place.Error($"has {record.Cells.Count} fields, the header has {roles.Count}.",
                $"a field with a {Delimiters.NameOf(delimiter)} or a line break stands in double quotes.")
            : null;
        _swallowed.End(place, record.Cells);
        return record.Cells;
    }

    private TextRow Row(RowPlace place, IReadOnlyList<string> names, ColumnRoles roles, IReadOnlyList<string> cells)
    {
        var (label, problem) = labelled ? DelimitedLabel.Of(roles, cells, place) : (null, null);
        return new TextRow
        {
            Place = place,
            Problem = problem,
            Text = cells[roles.Text],
            Label = label,
            Names = names,
            Cells = [.. cells.Select(cell => (LabelCell?)new LabelCell(LabelKind.Word, cell))],
            Roles = roles,
        };
    }
}
