using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads Parquet files as the Hugging Face hub has them, a page of each column at a time. Lines in errors are rows, counted from 1.
/// </summary>
internal sealed class ParquetTable(string path, TextOptions options, bool labelled, TextNotices notices)
{
    public IEnumerable<TextRow> Read(Stream stream, TextLimits limits)
    {
        var footer = OrInputException(() => ParquetFooter.Read(stream));
        string[] names = [.. footer.Fields.Select(field => field.Name)];
        var roles = new ColumnRoles(names, options, labelled, new RowPlace(path, 1));
        if (roles.Choice is { } choice)
        {
            notices.Note($"{path}: {choice}");
        }

        var classes = roles.Label is { } label ? ClassLabelNames.Of(footer.Notes.GetValueOrDefault(ClassLabelNames.MetadataKey), names[label])
            : null;
        var budget = new UnpackingBudget(limits);
        var row = 0;
        foreach (var group in footer.Groups.Where(group => group.Rows > 0))
        {
            ColumnReader?[] columns = [.. footer.Fields.Select((field, index) => Open(stream, field, group, budget, index, roles))];
            for (var left = group.Rows; left > 0; left--)
            {
                yield return ReadRow(columns, names, roles, new RowPlace(path, ++row), isLast: left == 1, classes);
            }
        }
    }

    /// <summary>Null for a column of which nothing is needed.</summary>
    private ColumnReader? Open(Stream stream, ParquetField field, ParquetGroup group, UnpackingBudget budget, int index, ColumnRoles roles)
    {
        var column = field.Column;
        if (column is { Kind: not ParquetKind.Other } && (index == roles.Label || !column.IsList))
        {
            return new ColumnReader(stream, column, group.Chunks[column.Chunk], budget);
        }

        return roles.IsOther(index) ? null : throw InputException.InFile(path,
            $"the column '{field.Name}' {Kind(column)}, expected {(index == roles.Text ? "strings" : "numbers or strings, or lists of them")}.");
    }

    private static string Kind(ParquetColumn? column) =>
        column is null ? "is made of several" : column.IsList ? "has lists" : $"is stored as {column.Type}, without or with another meaning";

    private TextRow ReadRow(ColumnReader?[] columns, string[] names, ColumnRoles roles, RowPlace place, bool isLast, IReadOnlyList<string>? classes)
    {
        var (cells, label) = OrInputException(() => Cells(columns, roles, isLast));
        if (cells[roles.Text] is { Kind: not LabelKind.Word } text)
        {
            return new TextRow { Place = place, Problem = place.Error($"'{names[roles.Text]}' is {text.Text}, expected a string."), Names = names };
        }

        InputException? problem = null;
        try
        {
            label = label is null || classes is null ? label
                : label with { Cells = [.. label.Cells.Select(cell => ClassLabelNames.Named(classes, cell, place))] };
        }
        catch (InputException failure)
        {
            problem = failure;
        }

        if (labelled && roles.LabelColumns.Count > 0)
        {
            (label, problem) = FlagColumns.Of(roles, column => cells[column], place);
        }

        return new TextRow
        {
            Place = place,
            Problem = problem,
            Text = cells[roles.Text]?.Text ?? "",
            Label = label,
            Names = names,
            Cells = cells,
            Roles = roles
        };
    }

    private static (LabelCell?[] Cells, RawLabel? Label) Cells(ColumnReader?[] columns, ColumnRoles roles, bool isLast)
    {
        var (cells, label) = (new LabelCell?[columns.Length], (RawLabel?)null);
        for (var index = 0; index < columns.Length; index++)
        {
            if (columns[index] is not { } column)
            {
                continue;
            }

            if (index == roles.Label && column.IsList)
            {
                label = new RawLabel(true, column.Several()); // an empty list and a null in its place are both no label
            }
            else
            {
                cells[index] = column.One();
                label = index == roles.Label ? Single(cells[index]) : label;
            }

            if (isLast)
            {
                column.End();
            }
        }

        return (cells, label);
    }

    private static RawLabel Single(LabelCell? cell) => cell is { Kind: LabelKind.Word } word ? DelimitedLabel.OfCell(word.Text)
        : RawLabel.One(cell ?? new LabelCell(LabelKind.Other, "null"));

    private T OrInputException<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is FormatException or IOException)
        {
            throw InputException.InFile(path, $"is not a Parquet file that can be read: {failure.Message}", inner: failure);
        }
    }
}
