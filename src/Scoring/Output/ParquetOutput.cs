using System.Globalization;
using LoraOnnx.Scoring.Input;
using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Output;

/// <summary>Parquet, a row group a chunk.</summary>
internal sealed class ParquetOutput : IScoredFile
{
    private readonly ScoredColumns _columns;
    private readonly IReadOnlyList<StoredKind> _kinds;
    private readonly StoredTable _cells;

    public ParquetOutput(ScoredColumns columns, InputSurvey survey)
    {
        (_columns, _kinds) = (columns, survey.Kinds);
        Fields = FieldsOf(columns, survey);
        _cells = new StoredTable(Fields);
    }

    public IReadOnlyList<StoredField> Fields { get; }

    public void Begin(Stream stream) => StoredTable.Begin(stream);

    public StoredGroup? Write(Stream stream, Chunk chunk, IReadOnlyList<ScoredText> scored)
    {
        var table = chunk.Stored ?? _cells;
        for (var row = 0; row < chunk.Count; row++)
        {
            if (chunk.Stored is null)
            {
                AddKept(chunk.Cells[row]);
            }

            AddScores(table, scored[row]);
        }

        return table.EndGroup(stream, chunk.Count);
    }

    public void End(Stream stream, IReadOnlyList<StoredGroup> groups) => StoredTable.End(stream, Fields, groups);

    private static StoredField[] FieldsOf(ScoredColumns columns, InputSurvey survey)
    {
        var kept = survey.Fields.Count > 0
            ? survey.Fields.Zip(columns.Kept, (field, name) => field.Name == name ? field : field.Renamed(name))
            : columns.Kept.Zip(survey.Kinds, StoredField.New);
        return [.. kept, .. columns.Added.Select(column => StoredField.New(column.Name, column.Kind))];
    }

    private void AddKept(TextRow row)
    {
        var cells = _columns.Arranged(row);
        for (var place = 0; place < cells.Length; place++)
        {
            var cell = cells[place];
            switch (_kinds[place])
            {
                case StoredKind.Text:
                    _cells.Add(place, cell?.Text);
                    break;
                case StoredKind.Json:
                    _cells.Add(place, cell is null ? null : JsonLinesOutput.Json(cell));
                    break;
                case StoredKind.Whole:
                    _cells.Add(place, cell is { } whole ? long.Parse(whole.Text, CultureInfo.InvariantCulture) : null);
                    break;
                case StoredKind.Number:
                    _cells.Add(place, cell is { } number ? double.Parse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture) : null);
                    break;
                default:
                    _cells.Add(place, cell is { } truth ? truth.Text == "true" : (bool?)null);
                    break;
            }
        }
    }

    private void AddScores(StoredTable table, ScoredText scored)
    {
        foreach (var (place, column) in _columns.Added.Index())
        {
            var (field, value) = (_columns.Kept.Count + place, column.Of(scored));
            switch (column.Kind)
            {
                case StoredKind.Number:
                    table.Add(field, (double?)value);
                    break;
                case StoredKind.Truth:
                    table.Add(field, (bool?)value);
                    break;
                default:
                    table.Add(field, value is IReadOnlyList<string> labels ? AddedColumn.Joined(labels) : (string?)value);
                    break;
            }
        }
    }
}
