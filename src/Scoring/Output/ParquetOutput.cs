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
    private readonly Dictionary<string, int> _places;
    private readonly int _kept;

    public ParquetOutput(ScoredColumns columns, InputSurvey survey)
    {
        (_columns, _kinds, _kept) = (columns, survey.Kinds, columns.Kept.Count);
        Fields = FieldsOf(columns, survey);
        _cells = new StoredTable(Fields);
        _places = survey.Columns.Select((name, place) => (name, place)).DistinctBy(pair => pair.name)
            .ToDictionary(pair => pair.name, pair => pair.place, StringComparer.Ordinal);
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
        var added = columns.Added.Select(name => StoredField.New(name,
            name == "score" || name.StartsWith("score_", StringComparison.Ordinal) ? StoredKind.Number
            : name == "truncated" ? StoredKind.Truth : StoredKind.Text));
        return [.. kept, .. added];
    }

    private void AddKept(TextRow row)
    {
        var cells = new LabelCell?[_kept];
        for (var cell = 0; cell < row.Cells.Count; cell++)
        {
            cells[_places[row.Names[cell]]] = row.Cells[cell];
        }

        for (var place = 0; place < _kept; place++)
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
        var (task, verdict, field) = (_columns.Task, scored.Verdict, _kept);
        table.Add(field++, verdict is null ? null : task.Labels[verdict.Label]);
        if (task.IsMultiLabel)
        {
            table.Add(field++, verdict is null ? null : string.Join('|', verdict.Holding.Select(label => task.Labels[label])));
        }

        table.Add(field++, verdict?.Scores[verdict.Label]);
        for (var label = 0; label < task.Labels.Count; label++)
        {
            table.Add(field++, verdict?.Scores[label]);
        }

        table.Add(field++, verdict?.Truncated);
        table.Add(field, scored.Error);
    }
}
