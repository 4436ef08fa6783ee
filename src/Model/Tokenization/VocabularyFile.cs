using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Reads the word pieces of vocab.txt or tokenizer.json, by id.</summary>
internal static class VocabularyFile
{
    /// <summary>Highest id that is taken; an embedding of as many rows would have gigabytes.</summary>
    public const int LargestId = 1 << 24;

    private const int LargestFile = 64 << 20;

    /// <summary>One piece a line; the number of the line, from 0, is its id.</summary>
    public static List<(string Text, int Id)> ReadLines(string path)
    {
        var lines = ForeignFile.ReadLines(path, LargestFile, "a vocabulary", CancellationToken.None);
        return lines.Length > 0 ? [.. lines.Select((line, index) => (line, index))] : throw InputException.InFile(path, "is empty.");
    }

    /// <summary>The pieces of <c>model.vocab</c> in tokenizer.json.</summary>
    public static List<(string Text, int Id)> ReadJson(string path, JsonFields model)
    {
        if (model.Find("vocab") is not { ValueKind: JsonValueKind.Object })
        {
            throw InputException.InFile(path, "'model' has no 'vocab', expected an object of words and ids.");
        }

        var pieces = new List<(string Text, int Id)>();
        foreach (var (text, value) in model.Entries("vocab"))
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var id) || id is < 0 or > LargestId)
            {
                throw InputException.InFile(path, $"'model.vocab' gives '{text}' the id {JsonFields.Describe(value)}, expected a whole number.");
            }

            pieces.Add((text, id));
        }

        pieces.Sort((one, other) => one.Id.CompareTo(other.Id));
        return pieces.Count > 0 ? pieces : throw InputException.InFile(path, "'model.vocab' is empty.");
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
                throw Disagreement($"'{text}' has the id {id} here and {(others.ContainsKey(text) ? $"{other}" : "none")} in {Path.GetFileName(otherPath)}.");
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
