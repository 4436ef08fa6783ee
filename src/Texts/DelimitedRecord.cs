using System.Text;

namespace LoraOnnx.Texts;

/// <summary>One record of a delimited table, taken line by line until its last quoted field is closed.</summary>
internal sealed class DelimitedRecord(char delimiter, RowPlace place)
{
    private readonly List<string> _cells = [];
    private readonly StringBuilder _quoted = new();
    private bool _isQuoted;

    /// <summary>The fields, once the record is whole.</summary>
    public IReadOnlyList<string> Cells => _cells;

    /// <summary>Characters of the quoted field that goes on.</summary>
    public int Length => _quoted.Length;

    /// <summary>Takes the next line; false when a quoted field goes on in the line after it.</summary>
    /// <exception cref="InputException">Something follows a closing quote.</exception>
    public bool Take(string line)
    {
        var position = 0;
        while (true)
        {
            if (!_isQuoted && position < line.Length && line[position] == '"')
            {
                _isQuoted = true;
                position++;
            }

            if (!_isQuoted)
            {
                var end = line.IndexOf(delimiter, position);
                _cells.Add(end < 0 ? WithoutReturn(line[position..]) : line[position..end]);
                if (end < 0)
                {
                    return true;
                }

                position = end + 1;
                continue;
            }

            if (!TakeQuoted(line, ref position))
            {
                return false;
            }

            _cells.Add(_quoted.ToString());
            _quoted.Clear();
            _isQuoted = false;
            if (position == line.Length || line.AsSpan(position) is "\r")
            {
                return true;
            }

            if (line[position] != delimiter)
            {
                throw place.Error($"'{line[position]}' follows the quote that ends field {_cells.Count}.",
                    "a quote inside a quoted field is written twice.");
            }

            position++;
        }
    }

    /// <summary>Takes characters up to the closing quote; false when the line ends before it.</summary>
    private bool TakeQuoted(string line, ref int position)
    {
        while (true)
        {
            var quote = line.IndexOf('"', position);
            if (quote < 0)
            {
                _quoted.Append(line, position, line.Length - position).Append('\n');
                return false;
            }

            _quoted.Append(line, position, quote - position);
            position = quote + 1;
            if (position == line.Length || line[position] != '"')
            {
                return true;
            }

            _quoted.Append('"');
            position++;
        }
    }

    private static string WithoutReturn(string cell) => cell is [.., '\r'] ? cell[..^1] : cell;
}
