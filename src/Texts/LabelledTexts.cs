using LoraOnnx.Hub;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>Reads files of texts, as <see cref="TextRows"/> does, whose labels are numbers or names of a model's classes.</summary>
public static class LabelledTexts
{
    /// <summary>Streams the texts in file order; those of a folder in the order of their classes.</summary>
    /// <param name="path">The file, the folder, or a split of the hub.</param>
    /// <param name="options">Columns and encoding.</param>
    /// <param name="task">The classes that the labels belong to.</param>
    /// <param name="notices">Told of choices and doubts.</param>
    /// <param name="progress">Told of downloads from the hub.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="InputException">The file is missing, of an unknown kind, empty, or a row is malformed; file and line are named.</exception>
    public static IEnumerable<LabelledText> Read(string path, TextOptions options, ClassificationTask task, TextNotices notices,
        IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(task);
        var labels = LabelsOf(task, options);
        return TextRows.Read(path, new TextReading(options, Labelled: true, notices), name => labels.ClassOfFolder(Path.Combine(path, name)),
            progress, cancellationToken)
            .Select(row => Labelled(row, labels));
    }

    /// <summary>The classes of each row; null for a row that could not be read, or whose label is none of the classes.</summary>
    /// <param name="path">A file with a column of labels, or columns.</param>
    /// <param name="options">Columns and encoding.</param>
    /// <param name="task">The classes that the labels belong to.</param>
    /// <param name="name">What messages call the file; its path where it is null.</param>
    public static IEnumerable<IReadOnlyList<int>?> Known(string path, TextOptions options, ClassificationTask task, string? name = null)
    {
        var labels = LabelsOf(task, options);
        return TextRows.Pass(path, new TextReading(options, Labelled: true, TextNotices.None) { Name = name }).Select(row => Known(row, labels));
    }

    /// <summary>All texts of a file; at least one.</summary>
    public static IReadOnlyList<LabelledText> ReadAll(string path, ClassificationTask task) =>
        [.. Read(path, new TextOptions(), task, TextNotices.None, null, CancellationToken.None)];

    /// <summary>The classes of rows that were read with their labels; those of a folder in the order of their classes.</summary>
    /// <param name="path">Where the rows came from.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="options">What labels mean.</param>
    /// <param name="task">The classes that the labels belong to.</param>
    /// <exception cref="InputException">A row could not be read, or its label is none of the classes.</exception>
    public static IReadOnlyList<LabelledText> Of(string path, IReadOnlyList<TextRow> rows, TextOptions options, ClassificationTask task)
    {
        var labels = new LabelReader(task, options);
        var texts = rows.Select(row => Labelled(row, labels)).ToList();
        return Directory.Exists(path) ? [.. texts.OrderBy(text => text.Labels[0])] : texts;
    }

    /// <summary>Labels against the classes of a finished model, which the user may call otherwise.</summary>
    private static LabelReader LabelsOf(ClassificationTask task, TextOptions options)
    {
        var classes = NamedClasses.Of(task, options);
        return new LabelReader(classes.Task, classes.Options);
    }

    private static IReadOnlyList<int>? Known(TextRow row, LabelReader labels)
    {
        try
        {
            return Labelled(row, labels).Labels;
        }
        catch (InputException)
        {
            return null;
        }
    }

    /// <summary>The row with its classes.</summary>
    /// <exception cref="InputException">The row could not be read, or its label is none of the classes.</exception>
    internal static LabelledText Labelled(TextRow row, LabelReader labels) => row.Problem is { } problem ? throw problem
        : new LabelledText { Text = row.Text, Labels = labels.Read(row.Label!, row.Place), Columns = row.Others() }; // labels were asked for
}
