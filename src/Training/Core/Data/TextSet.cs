using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Training.Data;

/// <summary>Labelled texts of one role, encoded once. Text i has <see cref="Encoded"/>[i] and <see cref="Labels"/>[i].</summary>
internal sealed class TextSet
{
    private readonly IReadOnlyList<LabelledText> _texts;

    private TextSet(string role, string source, IReadOnlyList<LabelledText> texts, IReadOnlyList<EncodedText> encoded)
    {
        Role = role;
        Source = source;
        Encoded = encoded;
        _texts = texts;
        Labels = [.. texts.Select(text => text.Labels)];
        Hash = HashOf(texts);
    }

    /// <summary><c>train</c>, <c>validation</c> or <c>test</c>.</summary>
    public string Role { get; }

    /// <summary>The file, folder or hub id the texts came from.</summary>
    public string Source { get; }

    /// <summary>Token ids, cut to the run's length.</summary>
    public IReadOnlyList<EncodedText> Encoded { get; }

    /// <summary>The classes that hold for each text.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Labels { get; }

    /// <summary>SHA-256 over texts and labels in order.</summary>
    public string Hash { get; }

    /// <summary>The set that this one is a part of, and the places of its texts there; null for a whole set.</summary>
    public (TextSet Set, int[] Places)? Whole { get; private init; }

    /// <summary>Features of this set by what made them, for the parts that share them.</summary>
    public Dictionary<FeatureKey, float[][]> Features { get; } = [];

    /// <summary>Number of texts.</summary>
    public int Count => Encoded.Count;

    /// <summary>Tokens after cutting.</summary>
    public long Tokens => Encoded.Sum(text => (long)text.Ids.Length);

    /// <summary>Encodes on all cores; at least one text.</summary>
    public static TextSet Encode(string role, string source, IReadOnlyList<LabelledText> texts, Func<string, EncodedText> encode,
        CancellationToken cancellationToken)
    {
        var encoded = new EncodedText[texts.Count];
        Parallel.For(0, texts.Count, new ParallelOptions { CancellationToken = cancellationToken },
            index => encoded[index] = encode(texts[index].Text));
        return new TextSet(role, source, texts, encoded);
    }

    /// <summary>What each text has in a column; null where it has nothing there.</summary>
    public IEnumerable<string?> ValuesOf(string column) =>
        _texts.Select(text => text.Columns.TryGetValue(column, out var value) && value.Trim() is { Length: > 0 } trimmed ? trimmed : null);

    /// <summary>The texts that have a value in a column, encoded as they are; null where there are none.</summary>
    public TextSet? Only(string column, string value)
    {
        int[] places = [.. ValuesOf(column).Index().Where(text => text.Item == value).Select(text => text.Index)];
        return places.Length == 0 ? null
            : new TextSet(Role, Source, [.. places.Select(place => _texts[place])], [.. places.Select(place => Encoded[place])])
            {
                Whole = (this, places),
            };
    }

    /// <summary>The texts of each class, and last those without any.</summary>
    public int[][] ByClass(int classes) =>
    [
        .. Enumerable.Range(0, classes).Select(label => Enumerable.Range(0, Count).Where(text => Labels[text].Contains(label)).ToArray()),
        [.. Enumerable.Range(0, Count).Where(text => Labels[text].Count == 0)],
    ];

    /// <summary>What run.json says of the texts.</summary>
    public RunData Describe(IReadOnlyList<string> classes) => new()
    {
        Role = Role,
        Source = Source,
        Hash = Hash,
        Texts = Count,
        Tokens = Tokens,
        CutTexts = Encoded.Count(text => text.Truncated),
        Classes = classes.Select((name, index) => (name, count: Labels.Count(labels => labels.Contains(index))))
            .ToDictionary(pair => pair.name, pair => pair.count),
    };

    private static string HashOf(IReadOnlyList<LabelledText> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            // The length in front keeps neighbouring texts apart; UTF-16 keeps lone surrogates apart.
            hash.AppendData(Encoding.ASCII.GetBytes($"{text.Text.Length}:{string.Join(',', text.Labels)}:"));
            hash.AppendData(MemoryMarshal.AsBytes(text.Text.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
