using System.IO.Hashing;
using LoraOnnx.Texts;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Input;

/// <summary>
/// What the whole input has, found by reading it once before anything is scored: how many rows, so that shards and the time left can be told, and
/// which columns of which kind, so that all shards make the same table.
/// </summary>
/// <param name="Hash">XXH128 of the file's bytes.</param>
/// <param name="Rows">Number of rows, those included that cannot be read.</param>
/// <param name="Columns">Names of the columns, in the order in which they come up.</param>
/// <param name="Kinds">What the cells of each are; empty for Parquet, which says so itself.</param>
/// <param name="TextColumn">The column of texts of a Parquet file; 0 for others.</param>
/// <param name="Fields">The columns of a Parquet file; empty for others.</param>
internal sealed record InputSurvey(
    string Hash, long Rows, IReadOnlyList<string> Columns, IReadOnlyList<StoredKind> Kinds, int TextColumn, IReadOnlyList<StoredField> Fields)
{
    /// <exception cref="InputException">The file is missing, of an unknown kind or empty, or has no column of texts.</exception>
    public static InputSurvey Of(InputFile input, TextOptions options, CancellationToken cancellationToken)
    {
        var hash = HashOf(input.Path);
        var columns = new ColumnKinds();
        var rows = 0L;
        var isStored = input.IsStored;
        foreach (var row in TextRows.Pass(input.Path, options, TextNotices.OnStandardError, input.Name))
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows++;
            if (isStored && row.Names.Count > 0)
            {
                break; // the footer knows the rest
            }

            columns.Add(row);
        }

        if (!isStored)
        {
            return new InputSurvey(hash, rows, columns.Names, columns.Kinds, 0, []);
        }

        using var stored = StoredRows.Open(input.Path, input.Name);
        string[] names = [.. stored.Fields.Select(field => field.Name)];
        return new InputSurvey(hash, stored.Rows, names, [], TextRows.TextColumnOf(names, options, input.Name), stored.Fields);
    }

    private static string HashOf(string path)
    {
        using var stream = ForeignFile.Open(path);
        var hash = new XxHash128();
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Columns as they come up.</summary>
    private sealed class ColumnKinds
    {
        private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
        private readonly List<HashSet<LabelKind>> _seen = [];

        public List<string> Names { get; } = [];

        public IReadOnlyList<StoredKind> Kinds => [.. _seen.Select(KindOf)];

        public void Add(TextRow row)
        {
            for (var column = 0; column < row.Cells.Count; column++)
            {
                if (!_places.TryGetValue(row.Names[column], out var place))
                {
                    place = Names.Count;
                    _places.Add(row.Names[column], place);
                    Names.Add(row.Names[column]);
                    _seen.Add([]);
                }

                if (row.Cells[column] is { } cell)
                {
                    _seen[place].Add(cell.Kind == LabelKind.Whole && !long.TryParse(cell.Text, out _) ? LabelKind.Decimal : cell.Kind);
                }
            }
        }

        private static StoredKind KindOf(HashSet<LabelKind> seen) => seen.Count switch
        {
            0 => StoredKind.Text,
            1 => seen.Single() switch
            {
                LabelKind.Word => StoredKind.Text,
                LabelKind.Whole => StoredKind.Whole,
                LabelKind.Decimal => StoredKind.Number,
                LabelKind.Truth => StoredKind.Truth,
                _ => StoredKind.Json,
            },
            _ => seen.IsSubsetOf([LabelKind.Whole, LabelKind.Decimal]) ? StoredKind.Number : StoredKind.Json,
        };
    }
}
