using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LoraOnnx.Benchmarks.Tokenizer;

/// <summary>
/// Tokenizer directories of real sizes, made from the small ones of tests/golden: 50,000 merges, 250,000 pieces, as tokenizer.json.
/// </summary>
internal static partial class RealSizeVocabularies
{
    private const int PieceCount = 250_000;

    /// <summary>The golden set with the most merges, as tokenizer.json in the long form that transformers writes.</summary>
    public static string BytePairs(string folder)
    {
        var source = Sets("vocab.json").MaxBy(set => new FileInfo(Path.Combine(set, "merges.txt")).Length)!; // there are some
        var vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "vocab.json")))!.AsObject(); // it is not null
        var merges = File.ReadLines(Path.Combine(source, "merges.txt")).Skip(1).Select(line => JsonSerializer.SerializeToNode(line.Split(' ')))
            .ToArray();
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false}"""),
            ["post_processor"] = JsonNode.Parse($$"""
                {"type": "RobertaProcessing", "sep": ["</s>", {{vocabulary["</s>"]}}], "cls": ["<s>", {{vocabulary["<s>"]}}],
                    "add_prefix_space": false}
                """),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray(merges) },
        };
        return Write(folder, "byte-pairs", json);
    }

    /// <summary>
    /// A golden set's pieces and normalizer, then every word of the training reviews that occurs twice, then made-up words. Scores fall as those of
    /// a trained model do; that most English words are one piece is true of XLM-RoBERTa's vocabulary too.
    /// </summary>
    public static string Unigram(string folder)
    {
        var source = Sets("tokenizer.json").Select(set => Path.Combine(set, "tokenizer.json"))
            .First(path => File.ReadAllText(path).Contains("\"Unigram\"", StringComparison.Ordinal));
        var json = JsonNode.Parse(File.ReadAllText(source))!.AsObject(); // it is not null
        var pieces = json["model"]!["vocab"]!.AsArray(); // as Unigram has it
        var known = pieces.Select(piece => (string)piece![0]!).ToHashSet(); // pairs of text and score
        var random = new Random(1);
        foreach (var word in ReviewWords().Concat(MadeUp(random)))
        {
            if (pieces.Count == PieceCount)
            {
                break;
            }

            if (known.Add(word))
            {
                pieces.Add(new JsonArray(word, -8.0 - (6.0 * pieces.Count / PieceCount) - random.NextDouble()));
            }
        }

        return Write(folder, "unigram", json);
    }

    private static IEnumerable<string> Sets(string with) =>
        Directory.GetDirectories(Path.Combine(CheckoutRoot.Path, "tests", "golden", "families", "tokenizer"))
        .Where(set => File.Exists(Path.Combine(set, with))).Order(StringComparer.Ordinal);

    private static IEnumerable<string> ReviewWords() => File.ReadLines(Path.Combine(CheckoutRoot.Path, "samples", "reviews", "train.jsonl"))
        .SelectMany(line => Word().Matches(JsonNode.Parse(line)!["text"]!.ToString()).Select(match => $"\u2581{match.Value}")) // each line has a text
        .GroupBy(word => word).Where(word => word.Count() > 1).OrderByDescending(word => word.Count()).Select(word => word.Key);

    private static IEnumerable<string> MadeUp(Random random)
    {
        const string Letters = "etaoinshrdlucmfwygpbvkxqjzéäöüñçабвгдежзиклмноп中文字日本語한국어";
        while (true)
        {
            var word = new StringBuilder(random.Next(2) == 0 ? "\u2581" : "");
            for (var length = random.Next(2, 10); length > 0; length--)
            {
                word.Append(Letters[random.Next(Letters.Length)]);
            }

            yield return word.ToString();
        }
    }

    private static string Write(string folder, string name, JsonObject json)
    {
        var directory = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), json.ToJsonString(new JsonSerializerOptions
        {
            WriteIndented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }));
        return directory;
    }

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Word();
}
