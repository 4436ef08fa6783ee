using System.Globalization;
using System.Text;

namespace LoraOnnx.Files;

/// <summary>JSON as Python's <c>json.dumps(value, indent=2, sort_keys=True)</c> prints it, so that our files compare equal to those of the Python
/// tools.</summary>
public static class PythonJson
{
    /// <summary>Prints null, booleans, numbers, strings, lists of them, and dictionaries with string keys.</summary>
    public static string Print(object? value)
    {
        var text = new StringBuilder();
        Append(text, value, "\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, string newLine)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case int number:
                text.Append(CultureInfo.InvariantCulture, $"{number}");
                break;
            case double number:
                text.Append(Float(number));
                break;
            case string characters:
                AppendString(text, characters);
                break;
            case IReadOnlyDictionary<string, object?> fields:
                AppendItems(text, '{', '}', newLine, fields.OrderBy(pair => pair.Key, StringComparer.Ordinal), (pair, inner) =>
                {
                    AppendString(text, pair.Key);
                    text.Append(": ");
                    Append(text, pair.Value, inner);
                });
                break;
            case IEnumerable<object?> items:
                AppendItems(text, '[', ']', newLine, items, (item, inner) => Append(text, item, inner));
                break;
            default:
                throw new ArgumentException($"{value.GetType()} has no JSON form here.", nameof(value));
        }
    }

    private static void AppendItems<T>(StringBuilder text, char open, char close, string newLine, IEnumerable<T> items, Action<T, string> append)
    {
        var inner = newLine + "  ";
        var isEmpty = true;
        text.Append(open);
        foreach (var item in items)
        {
            text.Append(isEmpty ? "" : ",").Append(inner);
            append(item, inner);
            isEmpty = false;
        }

        text.Append(isEmpty ? "" : newLine).Append(close);
    }

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back, always with a point or an exponent.</summary>
    private static string Float(double number)
    {
        var digits = number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        return digits.Contains('e') || digits.Contains('.') ? digits : digits + ".0";
    }

    private static void AppendString(StringBuilder text, string characters)
    {
        text.Append('"');
        foreach (var character in characters)
        {
            switch (character)
            {
                case '"' or '\\':
                    text.Append('\\').Append(character);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case < ' ' or > '~':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default:
                    text.Append(character);
                    break;
            }
        }

        text.Append('"');
    }
}
