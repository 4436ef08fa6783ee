using System.Text;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Rows of a Parquet file, copied as they are stored: every column with its type, whatever it means.</summary>
public sealed class StoredRows : IDisposable
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    private readonly string _name;
    private readonly Stream _stream;
    private readonly ParquetFooter _footer;
    private readonly UnpackingBudget _budget;
    private ColumnReader[][] _columns = [];
    private int _group = -1;
    private long _left; // in the group

    private StoredRows(string name, Stream stream, ParquetFooter footer, TextLimits limits)
    {
        (_name, _stream, _footer, _budget) = (name, stream, footer, new UnpackingBudget(limits));
        Fields = [.. footer.Fields.Select(field => field.Stored)];
        Rows = footer.Groups.Sum(group => (long)group.Rows);
    }

    /// <summary>All columns.</summary>
    public IReadOnlyList<StoredField> Fields { get; }

    /// <summary>Number of rows.</summary>
    public long Rows { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What messages call it; its path where it is null.</param>
    /// <exception cref="InputException">It is missing, or no Parquet file that can be read.</exception>
    public static StoredRows Open(string path, string? name = null) => Open(name ?? path, ForeignFile.Open(path), TextLimits.Passing);

    internal static StoredRows Open(string name, Stream stream, TextLimits limits)
    {
        try
        {
            return new StoredRows(name, stream, ParquetFooter.Read(stream), limits);
        }
        catch (Exception failure)
        {
            stream.Dispose();
            throw failure is FormatException or IOException ? Unreadable(name, failure) : failure;
        }
    }

    /// <summary>Passes over rows; whole groups are not unpacked.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public void Skip(long rows)
    {
        while (rows > 0 && OrInputException(NextGroup))
        {
            var whole = _footer.Groups[_group].Rows;
            if (_left == whole && rows >= whole)
            {
                (_left, rows) = (0, rows - whole);
                continue;
            }

            OrInputException(() => CopyRow(null, 0, null));
            rows--;
        }
    }

    /// <summary>
    /// Copies the next row's cells into <paramref name="target"/>, from its first column on, and gives the text of a column (null where there is
    /// none); false at the end.
    /// </summary>
    /// <param name="target">A table whose first columns are those of this file.</param>
    /// <param name="textColumn">A column of strings.</param>
    /// <param name="text">Its text.</param>
    /// <param name="problem">Why the text cannot be read, or null.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public bool TryCopyNext(StoredTable target, int textColumn, out string? text, out string? problem)
    {
        (text, problem) = (null, null);
        if (!OrInputException(NextGroup))
        {
            return false;
        }

        var tap = new TextTap();
        OrInputException(() => CopyRow(target, textColumn, tap));
        try
        {
            text = tap.Bytes is { } bytes ? _strict.GetString(bytes) : null;
        }
        catch (DecoderFallbackException failure)
        {
            problem = $"the text is not UTF-8: {failure.Message}";
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private bool NextGroup()
    {
        while (_left == 0)
        {
            if (++_group >= _footer.Groups.Count)
            {
                return false;
            }

            var group = _footer.Groups[_group];
            _left = group.Rows;
            _columns = _left == 0 ? []
                : [.. Fields.Select(field => field.Leaves.Select(leaf => new ColumnReader(_stream, leaf, group.Chunks[leaf.Chunk], _budget))
                    .ToArray())];
        }

        return true;
    }

    private bool CopyRow(StoredTable? target, int textColumn, TextTap? tap)
    {
        _left--;
        for (var field = 0; field < _columns.Length; field++)
        {
            for (var leaf = 0; leaf < _columns[field].Length; leaf++)
            {
                var column = _columns[field][leaf];
                column.CopyRow(target?.Of(field)[leaf], field == textColumn ? tap : null);
                if (_left == 0)
                {
                    column.End();
                }
            }
        }

        return true;
    }

    private T OrInputException<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is FormatException or IOException)
        {
            throw Unreadable(_name, failure);
        }
    }

    private static InputException Unreadable(string name, Exception failure) =>
        InputException.InFile(name, $"is not a Parquet file that can be read: {failure.Message}", inner: failure);
}

/// <summary>Keeps the last value that was copied; null where there was none.</summary>
internal sealed class TextTap
{
    public byte[]? Bytes { get; set; }
}
