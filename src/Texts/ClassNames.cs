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

    public ClassNames(ClassificationTask task)
    {
        _names = task.Labels;
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
            return $"0 to {_names.Count - 1} or a name of config.json ({shown})";
        }
    }

    /// <summary>The index itself where it is a class, else null.</summary>
    public int? Find(long number) => number >= 0 && number < _names.Count ? (int)number : null;

    /// <summary>The class called <paramref name="label"/>; a name wins over a number, the exact case over another. Null where there is
    /// none.</summary>
    public int? Find(string label)
    {
        if (_exact.TryGetValue(label, out var index) || (_anyCase.TryGetValue(label, out index) && index >= 0))
        {
            return index;
        }

        // Tables write whole numbers as 1.0 once a column has had a gap.
        var trimmed = label.AsSpan().Trim();
        var whole = trimmed.EndsWith(".0") ? trimmed[..^2] : trimmed;
        return long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Find(number) : null;
    }
}
