using System.Text.RegularExpressions;

namespace LoraOnnx.Hub;

/// <summary>A repository of the hub at a revision.</summary>
/// <param name="IsDataset">True for a dataset, false for a model.</param>
/// <param name="Id">Such as <c>distilbert/distilbert-base-uncased</c>.</param>
/// <param name="Revision">A branch, a tag, or a commit of 40 digits.</param>
public sealed partial record HubRepository(bool IsDataset, string Id, string Revision)
{
    /// <summary>What is asked for unless somebody says otherwise.</summary>
    public const string DefaultRevision = "main";

    /// <summary>What it is, for messages.</summary>
    public string Kind => IsDataset ? "dataset" : "model";

    /// <summary>Name of its folder in the cache.</summary>
    public string FolderName => $"{Kind}s--{Id.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>True when the revision cannot move.</summary>
    public bool IsPinned => IsCommit(Revision);

    /// <summary>True for the full name of a commit, 40 digits.</summary>
    public static bool IsCommit(string text) => Commit().IsMatch(text);

    /// <summary>Address of a file, below the hub's.</summary>
    public string PathOf(string file) =>
        $"{(IsDataset ? "datasets/" : "")}{Id}/resolve/{Uri.EscapeDataString(Revision)}/"
            + $"{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>Address of the list of files, below the hub's.</summary>
    public string ListPath => $"api/{Kind}s/{Id}/revision/{Uri.EscapeDataString(Revision)}";

    /// <summary>Address of the list of files at the default revision, all that some mirrors have.</summary>
    public string ShortListPath => $"api/{Kind}s/{Id}";

    /// <summary>Reads <c>NAME</c> or <c>NAME@REVISION</c>; null when it is not the name of a repository.</summary>
    public static HubRepository? Parse(string text, bool isDataset)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (id, revision) = at < 0 ? (text, DefaultRevision) : (text[..at], text[(at + 1)..]);
        var isName = Name().IsMatch(id) && !id.Contains("--", StringComparison.Ordinal) && !id.Contains("..", StringComparison.Ordinal)
            && !id.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        return isName && RevisionName().IsMatch(revision) && !revision.Contains("..", StringComparison.Ordinal)
            ? new HubRepository(isDataset, id, revision)
            : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?(?!\n)$", RegexOptions.ECMAScript)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9][\w./-]{0,200}(?!\n)$", RegexOptions.ECMAScript)]
    private static partial Regex RevisionName();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
