using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Texts;

/// <summary>Reads labelled texts: .jsonl[.gz], .csv, .tsv, .parquet, or an aclImdb-shaped folder. Labels are numbers or names of the model.</summary>
public static class LabelledTexts
{
    /// <summary>Streams the texts in file order.</summary>
    /// <exception cref="InputException">The file is missing, of an unknown kind, empty, or a row is malformed; file and line are named.</exception>
    public static IEnumerable<LabelledText> Read(string path, DistilBertConfig config) => throw new NotImplementedException(path);

    /// <summary>All texts of a file; at least one.</summary>
    public static IReadOnlyList<LabelledText> ReadAll(string path, DistilBertConfig config) => [.. Read(path, config)];
}
