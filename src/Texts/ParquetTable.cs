using LoraOnnx.Model;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Texts;

/// <summary>Reads Parquet files as the Hugging Face hub has them, a page of each column at a time. Lines in errors are rows, counted from
/// 1.</summary>
internal sealed class ParquetTable(string path, ClassificationTask task)
{
    private readonly LabelReader _labels = new(task);

    public IEnumerable<LabelledText> Read(Stream stream, TextLimits limits)
    {
        var footer = OrInputException(() => ParquetFooter.Read(stream));
        var header = new TableHeader([.. footer.Fields.Select(field => field.Name)], new RowPlace(path, 1));
        var budget = new UnpackingBudget(limits);
        var row = 0;
        foreach (var group in footer.Groups.Where(group => group.Rows > 0))
        {
            ColumnReader?[] columns =
                [.. footer.Fields.Select(
                    (field, index) => Open(stream, field, group, budget, isText: index == header.Text, isLabel: index == header.Label))];
            for (var left = group.Rows; left > 0; left--)
            {
                yield return ReadRow(columns, header, footer.Fields[header.Text].Name, new RowPlace(path, ++row), isLast: left == 1);
            }
        }
    }

    /// <summary>Null for a column of which nothing is needed.</summary>
    private ColumnReader? Open(Stream stream, ParquetField field, ParquetGroup group, UnpackingBudget budget, bool isText, bool isLabel)
    {
        var column = field.Column;
        if (column is { Kind: not ParquetKind.Other } && (isLabel || !column.IsList))
        {
            return new ColumnReader(stream, column, group.Chunks[column.Chunk], budget);
        }

        return !isText && !isLabel ? null
            : throw InputException.InFile(
                path, $"the column '{field.Name}' "
                    + $"{(column is null ? "is made of several"
                        : column.IsList ? "has lists"
                        : $"is stored as {column.Type}, without or with another meaning")}, "
                    + $"expected {(isText ? "strings" : "numbers or strings, or lists of them")}.");
    }

    private LabelledText ReadRow(ColumnReader?[] columns, TableHeader header, string textName, RowPlace place, bool isLast) => OrInputException(() =>
    {
        var (text, label, others) = ((LabelCell?)null, Array.Empty<int>(), new string?[columns.Length]);
        for (var index = 0; index < columns.Length; index++)
        {
            if (columns[index] is not { } column)
            {
                continue;
            }

            if (index == header.Label)
            {
                label = Labels(column, place);
            }
            else
            {
                var cell = column.One();
                (others[index], text) = (cell?.Text, index == header.Text ? cell : text);
            }

            if (isLast)
            {
                column.End();
            }
        }

        return text is { Kind: LabelKind.Word } word ? new LabelledText { Text = word.Text, Labels = label, Columns = header.Others(others) }
            : throw place.Error($"'{textName}' is {text?.Text ?? "null"}, expected a string.");
    });

    /// <summary>An empty list and a null in its place are both no label.</summary>
    private int[] Labels(ColumnReader column, RowPlace place)
    {
        if (column.IsList)
        {
            return _labels.Several(column.Several(), place);
        }

        var cell = column.One() ?? new LabelCell(LabelKind.Other, "null");
        return cell.Kind == LabelKind.Word ? _labels.Read(cell.Text, place) : [_labels.One(cell, place)];
    }

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
