using System.Globalization;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>Turns the labels of a data file into class indices: by number, by a number in quotes, or by a name of the model.</summary>
internal sealed class ClassNames
{
    private readonly IReadOnlyList<string> _names;
    private readonly Dictionary<string, int> _exact;

    /// <summary>Names in lower and upper case; -1 where two classes differ in case only.</summary>
    private readonly Dictionary<string, int> _anyCase = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the two names mean, where they are opposites; else null.</summary>
    private readonly bool?[]? _senses;

    private readonly bool _isMultiLabel;

    public ClassNames(ClassificationTask task)
    {
        _names = task.Labels;
        _isMultiLabel = task.IsMultiLabel;
        _senses = task is { IsMultiLabel: false, Labels.Count: 2 } ? Polarity.OfTwo(task.Labels) : null;
        _exact = new Dictionary<string, int>(_names.Count, StringComparer.Ordinal);
        for (var index = 0; index < _names.Count; index++)
        {
            _exact.TryAdd(_names[index], index);
            if (!_anyCase.TryAdd(_names[index], index))
            {
                _anyCase[_names[index]] = -1;
            }
        }
    }

    /// <summary>What a label may be, for messages.</summary>
    public string Expected
    {
        get
        {
            var shown = string.Join(", ", _names.Take(6)) + (_names.Count > 6 ? ", ..." : "");
            return $"0 to {_names.Count - 1} or a name of the classes ({shown})";
        }
    }

    /// <summary>
    /// The class that a cell names: by a name (the exact case before another), by a number, by a well-known word for one of two classes, or by the
    /// number of a class that the file names where the model's own names say nothing. Null where there is none.
    /// </summary>
    public int? Find(LabelCell cell) => cell.Kind switch
    {
        LabelKind.Word or LabelKind.Whole or LabelKind.Decimal => ByName(cell.Text) ?? (cell.ClassNumber is null ? ByNumber(cell.Text) : null)
            ?? BySense(cell.Text) ?? ByFile(cell.ClassNumber),
        LabelKind.Truth when !_isMultiLabel => ByName(cell.Text) ?? BySense(cell.Text)
            ?? (_names.Count == 2 ? ByNumber(cell.Text == "true" ? "1" : "0") : null),
        _ => null,
    };

    /// <summary>The same by names and numbers only: nothing is taken in another sense than it is written.</summary>
    public int? FindExactly(LabelCell cell) => ByName(cell.Text)
        ?? (cell.ClassNumber is null && cell.Kind != LabelKind.Truth ? ByNumber(cell.Text) : null);

    /// <summary>The class of a name; of one that is a number, however it is written.</summary>
    public int? ByName(string label)
    {
        var trimmed = label.Trim();
        return _exact.TryGetValue(label, out var index) || _exact.TryGetValue(trimmed, out index)
            || (_anyCase.TryGetValue(trimmed, out index) && index >= 0) || _exact.TryGetValue(Plain(trimmed), out index) ? index : null;
    }

    /// <summary>What tables make of numbers and truths, put back: 1.0 is 1, True is true. Others as they are, without blanks around them.</summary>
    public static string Plain(string label)
    {
        var trimmed = label.Trim();
        return double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == Math.Floor(number)
                && Math.Abs(number) < int.MaxValue ? ((int)number).ToString(CultureInfo.InvariantCulture)
            : bool.TryParse(trimmed, out var truth) ? truth ? "true" : "false"
            : trimmed;
    }

    private int? ByNumber(string label) => NumberOf(label) is { } number && number < _names.Count ? number : null;

    /// <summary>A whole number that is not negative; tables write it as 1.0 once a column has had a gap. Null for all else.</summary>
    public static int? NumberOf(string label)
    {
        var trimmed = label.AsSpan().Trim();
        var whole = trimmed.EndsWith(".0") ? trimmed[..^2] : trimmed;
        return int.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The class with the sense of a well-known word, where the model has two of opposite sense.</summary>
    private int? BySense(string label)
    {
        var sense = Polarity.Of(label);
        return _senses is null || sense is null ? null : Array.IndexOf(_senses, sense);
    }

    private int? ByFile(int? number) => number < _names.Count && Placeholders.Are(_names) ? number : null;
}
