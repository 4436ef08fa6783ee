using LoraOnnx.CommandLine;
using LoraOnnx.Texts;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Data;

/// <summary>The files of a run as they are: their labels say which classes are trained, so nothing is decided yet.</summary>
internal sealed record RawTexts
{
    /// <summary>The rows of --train, of which validation texts may still be taken.</summary>
    public required IReadOnlyList<TextRow> Train { get; init; }

    /// <summary>The rows of a file of validation texts, or null.</summary>
    public required IReadOnlyList<TextRow>? Validation { get; init; }

    /// <summary>The rows of --test, or null.</summary>
    public required IReadOnlyList<TextRow>? Test { get; init; }

    /// <summary>What was chosen in reading.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What looks wrong in reading.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="InputException">One is missing, of an unknown kind, or has a row that cannot be read.</exception>
    public static RawTexts Read(TrainingOptions options, CancellationToken cancellationToken)
    {
        var (notes, warnings) = (new List<string>(), new List<string>());
        IReadOnlyList<TextRow>? Rows(string? source) => source is null ? null
            : [.. TextRows.Read(source, options.Texts, labelled: true, new TextNotices(notes.Add, warnings.Add), DownloadProgress.OnStandardError,
                cancellationToken)
                .Select(row => row.Problem is { } problem ? throw problem : row)];
        IReadOnlyList<TextRow>? WithColumn(string? source, IReadOnlyList<TextRow>? rows)
        {
            if (options.Per is { } column && rows is not null && !rows.Any(row => row.HasOther(column)))
            {
                var there = rows.SelectMany(row => row.Names).Distinct().Take(12).ToList();
                throw InputException.InFile(source!, $"has no column '{column}' beside text and label to train --per.", // rows have a source
                    there.Count == 0 ? "it has text and label only." : $"its columns are {string.Join(", ", there)}.");
            }

            return rows;
        }

        var validation = options.Validation is { } wanted ? ValidationSource.Parse(wanted).File : null;
        return new RawTexts
        {
            Train = WithColumn(options.Train, Rows(options.Train))!, // a run has one
            Validation = WithColumn(validation, Rows(validation)),
            Test = WithColumn(options.Test, Rows(options.Test)),
            Notes = notes,
            Warnings = warnings,
        };
    }
}
