using System.Text;

namespace LoraOnnx.Texts;

/// <summary>What a line has made of a record.</summary>
internal enum RecordState
{
    Whole,

    /// <summary>A quoted field goes on in the line after it.</summary>
    GoesOn,

    /// <summary>Something follows a closing quote.</summary>
    Broken,
}

/// <summary>One record of a delimited table as RFC 4180 has it, taken line by line until its last quoted field is closed.</summary>
internal sealed class DelimitedRecord(char delimiter)
{
    private readonly List<string> _cells = [];
    private readonly StringBuilder _quoted = new();
    private bool _isQuoted;

    /// <summary>The fields, once the record is whole.</summary>
    public IReadOnlyList<string> Cells => _cells;

    /// <summary>Characters of the quoted field that goes on.</summary>
    public int Length => _quoted.Length;

    /// <summary>What stands behind a closing quote.</summary>
    public char Unexpected { get; private set; }

    /// <summary>Takes the next line.</summary>
    public RecordState Take(string line)
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
                    return RecordState.Whole;
                }

                position = end + 1;
                continue;
            }

            if (!TakeQuoted(line, ref position))
            {
                return RecordState.GoesOn;
            }

            _cells.Add(_quoted.ToString());
            _quoted.Clear();
            _isQuoted = false;
            if (position == line.Length || line.AsSpan(position) is "\r")
            {
                return RecordState.Whole;
            }

            if (line[position] != delimiter)
            {
                Unexpected = line[position];
                return RecordState.Broken;
            }

            position++;
        }
    }

    /// <summary>The fields of a line in which quotes are characters like any others.</summary>
    public static string[] Literally(string line, char delimiter) => WithoutReturn(line).Split(delimiter);

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
