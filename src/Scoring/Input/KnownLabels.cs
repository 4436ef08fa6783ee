using LoraOnnx.Texts;

namespace LoraOnnx.Scoring.Input;

/// <summary>The labels that the input has itself, where the user says how they are to be read: what is answered is held against them.</summary>
internal sealed class KnownLabels : IDisposable
{
    private readonly IEnumerator<IReadOnlyList<int>?> _rows;

    private KnownLabels(IEnumerable<IReadOnlyList<int>?> rows) => _rows = rows.GetEnumerator();

    /// <summary>Null where nothing is said of labels, or there are none.</summary>
    /// <exception cref="InputException">A column that the user names is not there.</exception>
    public static KnownLabels? Open(InputFile input, InputSurvey survey, NamedClasses classes, TextOptions said) =>
        said is { LabelColumn: null, LabelColumns: [], LabelMap: null, Labels: [] } || !TextRows.HasLabels(survey.Columns, said, input.Name) ? null
            : new KnownLabels(LabelledTexts.Known(input.Path, classes.Options, classes.Task, input.Name));

    public void Skip(long rows)
    {
        while (rows-- > 0 && _rows.MoveNext())
        {
        }
    }

    /// <summary>The classes of the next rows; null for each that has no label of them.</summary>
    public IReadOnlyList<IReadOnlyList<int>?> Next(int rows)
    {
        var labels = new IReadOnlyList<int>?[rows];
        for (var row = 0; row < rows && _rows.MoveNext(); row++)
        {
            labels[row] = _rows.Current;
        }

        return labels;
    }

    public void Dispose() => _rows.Dispose();
}
