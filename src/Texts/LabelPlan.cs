using System.Globalization;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>Which classes a model is to be trained for, from the labels of its texts; and whether it needs a new head for them.</summary>
/// <param name="Task">The classes in the order of their numbers, and whether several hold for a text.</param>
/// <param name="IsNew">True where the base has no head for them.</param>
/// <param name="Notes">What was chosen, a line each.</param>
public sealed record LabelPlan(ClassificationTask Task, bool IsNew, IReadOnlyList<string> Notes)
{
    private const int MostClasses = 1000;

    /// <summary>Decides from the rows that are trained on.</summary>
    /// <param name="rows">Rows with labels.</param>
    /// <param name="options">What the user says of labels.</param>
    /// <param name="base">The classes that the base's config.json has.</param>
    /// <param name="hasHead">True where the base has a head for them.</param>
    /// <exception cref="InputException">There is one class only, or there are too many, or a label is not among those that the user
    /// names.</exception>
    public static LabelPlan Of(IReadOnlyList<TextRow> rows, TextOptions options, ClassificationTask @base, bool hasHead)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(@base);
        var seen = SeenLabels.Of(rows, options, hasHead && @base.IsMultiLabel ? @base : null);
        var plan = options.Labels.Count > 0 ? Named(seen, options.Labels, @base, hasHead)
            : Fits(seen, options, @base, hasHead) ? Kept(seen, options, @base, hasHead)
            : New(seen, @base, hasHead, seen.Names(options.LabelColumns));
        RefuseOneClass(rows, options, plan.Task);
        return plan;
    }

    /// <summary>The user's classes: on the base's head where they are its own, or names for its nameless ones.</summary>
    private static LabelPlan Named(SeenLabels seen, IReadOnlyList<string> labels, ClassificationTask @base, bool hasHead)
    {
        if (labels.Count == 1 && seen.Problem == ProblemType.SingleLabel)
        {
            throw new InputException($"--labels has one name ({labels[0]}), expected one for each class, at least two.",
                "for example --labels negative,positive.");
        }

        var task = new ClassificationTask(labels, seen.Problem);
        var isSame = hasHead && labels.Count == @base.Labels.Count && seen.Problem == @base.ProblemType
            && (labels.SequenceEqual(@base.Labels, StringComparer.OrdinalIgnoreCase) || Placeholders.Are(@base.Labels)
                || (labels.Count == 2 && Polarity.OfTwo(labels) is { } senses && Polarity.OfTwo(@base.Labels)?.SequenceEqual(senses) == true));
        return !isSame ? New(seen, @base, hasHead, labels)
            : new LabelPlan(task, IsNew: false, labels.SequenceEqual(@base.Labels) ? []
                : [$"labels: {Join(labels)} name the base's classes {Join(@base.Labels)}."]);
    }

    /// <summary>
    /// True where every label is one of the base's classes. Names of a base without a head count only where the labels are those names.
    /// </summary>
    private static bool Fits(SeenLabels seen, TextOptions options, ClassificationTask @base, bool hasHead)
    {
        if (seen.Problem != @base.ProblemType || (seen.Flags is { } flags && flags != @base.Labels.Count))
        {
            return false;
        }

        var reader = new LabelReader(@base, options);
        return seen.Cells.All(cell => hasHead ? reader.Find(cell) is not null : reader.FindExactly(cell) is { } found
            && (ClassNames.NumberOf(cell.Text) is not null || @base.Labels.Contains(cell.Text.Trim()) || options.LabelMap is not null));
    }

    private static LabelPlan Kept(SeenLabels seen, TextOptions options, ClassificationTask @base, bool hasHead)
    {
        var reader = new LabelReader(@base, options);
        string[] read = [.. seen.Cells.Where(cell => reader.FindExactly(cell) is null)
            .Select(cell => $"{cell.Text} as {@base.Labels[reader.Find(cell)!.Value]}")]; // it fits
        return new LabelPlan(@base, !hasHead, [.. hasHead ? [] : new[] { $"a new head for the classes of config.json: {Join(@base.Labels)}." },
            .. read.Length == 0 ? [] : new[] { $"labels: {Join(read)}." }]);
    }

    private static LabelPlan New(SeenLabels seen, ClassificationTask @base, bool hasHead, IReadOnlyList<string> labels)
    {
        if (labels.Count > MostClasses || (labels.Count > 50 && labels.Count > seen.Count / 2))
        {
            throw new InputException(
                $"the {seen.Count} training texts have {labels.Count} different labels ({Join(labels.Take(4))}, ...), expected a few classes.",
                "name the column of labels with --label-column, or put numbers into classes with --label-map 1-2=negative,3=neutral,4-5=positive.");
        }

        var task = new ClassificationTask(labels, seen.Problem);
        var classes = $"{labels.Count} classes from the labels: {Join(labels)}";
        return new LabelPlan(task, IsNew: true, !hasHead ? [$"a new head for {classes}."] :
        [
            $"a new head for {classes}; the base's head for {Join(@base.Labels)} is left. "
                + (task.IsMultiLabel == @base.IsMultiLabel ? $"To keep it: --label-map {Suggestion(seen, labels, @base.Labels)}"
                    : @base.IsMultiLabel ? "It answers with several labels a text." : "It answers with one label a text."),
        ]);
    }

    /// <summary>A map that would keep the base's head: labels onto classes of their name or sense, others in their order.</summary>
    private static string Suggestion(SeenLabels seen, IReadOnlyList<string> labels, IReadOnlyList<string> classes)
    {
        string Nearest(string label)
        {
            var index = labels.Index().FirstOrDefault(one => one.Item == label).Index;
            var place = labels.Count < classes.Count ? index * (classes.Count - 1) / Math.Max(1, labels.Count - 1)
                : index * classes.Count / labels.Count;
            return classes.FirstOrDefault(name => string.Equals(name, label, StringComparison.OrdinalIgnoreCase))
                ?? (ClassNames.NumberOf(label) is null ? OfSense(label, classes) : null) ?? classes[place];
        }

        return string.Join(',', seen.Map.IsEmpty ? labels.Select(label => $"{label}={Nearest(label)}")
            : seen.Map.Labels.Select(label => $"{label}={Nearest(seen.Map.Find(label)!)}")); // the map's own
    }

    /// <summary>The one class that means what a word means.</summary>
    private static string? OfSense(string word, IReadOnlyList<string> classes) =>
        Polarity.Of(word) is { } sense && classes.Where(name => Polarity.Of(name) == sense).ToList() is [var one] ? one : null;

    private static void RefuseOneClass(IReadOnlyList<TextRow> rows, TextOptions options, ClassificationTask task)
    {
        if (task.IsMultiLabel)
        {
            return;
        }

        var reader = new LabelReader(task, options);
        int[] classes = [.. rows.Where(row => row.Problem is null).Select(row => reader.Read(row.Label!, row.Place)[0]).Distinct()
            .Take(2)]; // labels were asked for
        if (classes.Length == 1)
        {
            throw InputException.InFile(rows[0].Place.Path,
                $"all {rows.Count} training texts have the label '{task.Labels[classes[0]]}', expected at least two classes.",
                "a model that is trained on one class learns to answer nothing else.");
        }
    }

    private static string Join(IEnumerable<string> names)
    {
        const int Most = 12;
        var all = names.ToList();
        return string.Join(", ", all.Take(Most)) + (all.Count > Most ? string.Create(CultureInfo.InvariantCulture, $" and {all.Count - Most} more")
            : "");
    }
}
