using System.Security.Cryptography;
using System.Text;
using LoraOnnx.CommandLine;
using LoraOnnx.Model;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>
/// A file of labelled texts, read once from end to end before any model runs: a malformed last line is an error in the first second, and the time
/// left can be told. The texts themselves are never all in memory.
/// </summary>
internal sealed class TestTexts
{
    private readonly TextOptions _options;

    private TestTexts(string path, TextOptions options, ClassificationTask task, string hash, int count, long characters, IReadOnlyDictionary<string,
        int> labels,
        IReadOnlyList<string> columns)
    {
        Path = path;
        _options = options;
        Task = task;
        Hash = hash;
        Count = count;
        Characters = characters;
        LabelCounts = labels;
        Columns = columns;
    }

    public string Path { get; }

    /// <summary>The classes, by the user's names where there are some.</summary>
    public ClassificationTask Task { get; }

    /// <summary>SHA-256 of the file, as <c>sha256sum</c> prints it; of labels and texts for a folder.</summary>
    public string Hash { get; }

    public int Count { get; }

    public long Characters { get; }

    /// <summary>Texts for which each label holds, by its name.</summary>
    public IReadOnlyDictionary<string, int> LabelCounts { get; }

    /// <summary>Names of the columns beside text and label, in order.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <exception cref="InputException">A row is malformed, or there is none.</exception>
    public static TestTexts Scan(string path, TextOptions options, ClassificationTask task, CancellationToken cancellationToken)
    {
        (task, options) = NamedClasses.Of(task, options);
        var counts = task.Labels.Distinct().ToDictionary(label => label, _ => 0);
        var columns = new List<string>();
        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (count, characters) = (0, 0L);
        foreach (var text in Labelled(LabelledTexts.Read(path, options, task, TextNotices.OnStandardError, DownloadProgress.OnStandardError,
            cancellationToken)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            count++;
            characters += text.Text.Length;
            foreach (var label in text.Labels)
            {
                counts[task.Labels[label]]++;
            }

            columns.AddRange(text.Columns.Keys.Except(columns));
            content.AppendData(Encoding.UTF8.GetBytes($"{string.Join(',', text.Labels)}\t{text.Text}\n"));
        }

        if (!HasPositives(task, counts))
        {
            var positive = task.IsMultiLabel ? "has any label" : $"is labelled {task.Labels[1]}";
            WarningLines.Write(
                $"{path}: none of the {count} texts {positive}, so F1, precision and recall are undefined; they are shown as 0.");
        }

        var hash = File.Exists(path) ? ContentHash.OfFile(path) : Convert.ToHexStringLower(content.GetHashAndReset());
        return new TestTexts(path, options, task, hash, count, characters, counts, columns);
    }

    /// <summary>The same texts; where there are no labels, a word on what is to be done with such texts.</summary>
    private static IEnumerable<LabelledText> Labelled(IEnumerable<LabelledText> texts)
    {
        using var all = texts.GetEnumerator();
        while (Next(all))
        {
            yield return all.Current;
        }
    }

    private static bool Next(IEnumerator<LabelledText> texts)
    {
        try
        {
            return texts.MoveNext();
        }
        catch (InputException failure) when (LacksLabels(failure.Message))
        {
            throw new InputException(failure.Message,
                "a comparison needs labelled texts: name their column with --label-column; lora-score scores texts without labels.", failure);
        }
    }

    private static bool LacksLabels(string message) =>
        message.Contains("'label'", StringComparison.Ordinal)
            && (message.Contains("has no ", StringComparison.Ordinal) || message.Contains("no column", StringComparison.Ordinal));

    /// <summary>Averages over more than two classes always have one that occurs.</summary>
    private static bool HasPositives(ClassificationTask task, Dictionary<string, int> counts) =>
        task.IsMultiLabel ? counts.Values.Any(texts => texts > 0) : task.Labels.Count > 2 || counts[task.Labels[1]] > 0;

    /// <exception cref="InputException">There is no column of a name.</exception>
    public void CheckColumns(IEnumerable<string> columns)
    {
        if (columns.FirstOrDefault(column => !Columns.Contains(column)) is { } missing)
        {
            throw InputException.InFile(Path, $"has no column '{missing}' to slice by.", Columns.Count == 0
                ? "it has text and label only."
                : $"it has {string.Join(", ", Columns)}.");
        }
    }

    /// <summary>Streams the texts again.</summary>
    public IEnumerable<LabelledText> Read() => LabelledTexts.Read(Path, _options, Task, TextNotices.None, null, CancellationToken.None);
}
