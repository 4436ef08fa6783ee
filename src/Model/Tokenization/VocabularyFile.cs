using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Reads the word pieces of vocab.txt or tokenizer.json, by id.</summary>
internal static class VocabularyFile
{
    /// <summary>Highest id that is taken; an embedding of as many rows would have gigabytes.</summary>
    public const int LargestId = 1 << 24;

    /// <summary>Of a vocabulary, merges or tokenizer.json; those of 250,000 pieces have 9 to 17 MB.</summary>
    public const int LargestFile = 64 << 20;

    /// <summary>One piece a line; the number of the line, from 0, is its id.</summary>
    public static List<(string Text, int Id)> ReadLines(string path)
    {
        var lines = Lines(path).ToArray();
        return lines.Length > 0 ? [.. lines.Select((line, index) => (line, index))] : throw InputException.InFile(path, "is empty.");
    }

    /// <summary>The lines of a text file, without a byte order mark and without blank lines at its end.</summary>
    public static ReadOnlySpan<string> Lines(string path)
    {
        var lines = ForeignFile.ReadLines(path, LargestFile, "a vocabulary", CancellationToken.None);
        return lines.AsSpan(0, Array.FindLastIndex(lines, line => !string.IsNullOrWhiteSpace(line)) + 1);
    }

    /// <summary>The pieces of <c>model.vocab</c> in tokenizer.json.</summary>
    public static List<(string Text, int Id)> ReadJson(string path, JsonFields model) => model.Find("vocab") is { ValueKind: JsonValueKind.Object }
        ? ReadObject(path, "'model.vocab'", model.Entries("vocab"))
        : throw InputException.InFile(path, "'model' has no 'vocab', expected an object of words and ids.");

    /// <summary>Pieces and their ids, sorted by id.</summary>
    public static List<(string Text, int Id)> ReadObject(string path, string name, IReadOnlyList<(string Name, JsonElement Value)> entries)
    {
        var pieces = new List<(string Text, int Id)>(entries.Count);
        foreach (var (text, value) in entries)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var id) || id is < 0 or > LargestId)
            {
                throw InputException.InFile(path,
                    $"{name} gives '{text}' the id {JsonFields.Describe(value)}, expected a whole number.");
            }

            pieces.Add((text, id));
        }

        pieces.Sort((one, other) => one.Id.CompareTo(other.Id));
        return pieces.Count > 0 ? pieces : throw InputException.InFile(path, $"{name} is empty.");
    }

    /// <summary>Ids by text; of two equal lines the later one counts, as in Hugging Face's.</summary>
    public static Dictionary<string, int> Ids(IReadOnlyList<(string Text, int Id)> pieces)
    {
        var ids = new Dictionary<string, int>(pieces.Count, StringComparer.Ordinal);
        foreach (var (text, id) in pieces)
        {
            ids[text] = id;
        }

        return ids;
    }

    /// <exception cref="InputException">The two files give a word different ids, or one of them lacks it.</exception>
    public static void CheckAgreement(string path, Dictionary<string, int> ids, string otherPath, Dictionary<string, int> others)
    {
        foreach (var (text, id) in ids)
        {
            if (!others.TryGetValue(text, out var other) || other != id)
            {
                throw Disagreement($"'{text}' has the id {id} here and {(others.ContainsKey(text) ? $"{other}" : "none")} "
                    + $"in {Path.GetFileName(otherPath)}.");
            }
        }

        if (others.FirstOrDefault(entry => !ids.ContainsKey(entry.Key)) is { Key: not null } more)
        {
            throw Disagreement($"'{more.Key}' has no id here and {more.Value} in {Path.GetFileName(otherPath)}.");
        }

        InputException Disagreement(string message) =>
            InputException.InFile(path, message, "the two vocabularies are from different models; remove the one that is not this model's.");
    }
}
