using System.IO.Compression;
using System.Text;
using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>Labelled texts from strangers: JSON lines, plain and packed, and tables.</summary>
public sealed class TextsFuzzTests
{
    private static readonly TextLimits _limits = new(LineBytes: 2_000, TotalBytes: 20_000);

    private static readonly string[] _labelErrors =
    [
        ", expected 0 to", "which is not a JSON list", "which names a class twice", ", expected one for each of the",
            "expected flags that are 0.0 or 1.0", "which mixes classes and flags",
    ];

    private static readonly string[] _jsonLines =
    [
        "{\"text\": \"A fine film.\", \"label\": 1}\n{\"text\": \"Half an emoji: \\ud83d\", \"label\": \"NEGATIVE\", \"genre\": \"drama\"}\n",
        "\uFEFF{\"sentence\":\"a\\u00e9\\n\",\"label\":0}\r\n{\"sentence\":\"\",\"label\":\"1\",\"year\":1999}\r\n\n\n",
        "{\"text\": \"many\", \"labels\": [0, 2]}\n{\"text\": \"none\", \"labels\": []}\n"
            + "{\"text\": \"flags\", \"label\": [1.0, 0.0, 1.0]}\n{\"text\": \"truth\", \"label\": [true, false, false]}\n",
    ];

    private static readonly string[] _arrays =
    [
        "[{\"text\": \"A fine, \\\"long\\\" film.\", \"label\": 1},\n {\"text\": \"Half an emoji: \\ud83d\", \"label\": \"NEGATIVE\"}]\n",
        "\uFEFF[\n  {\n    \"sentence\": \"a ] } \\\\\",\n    \"label\": 0\n  },\n  {\"sentence\": \"\", \"label\": \"1\"}\n]\n\n",
        "[{\"text\": \"many\", \"labels\": [0, 2]}, {\"text\": \"flags\", \"labels\": [1.0, 0.0, 1.0]}]",
    ];

    private static readonly string[] _tables =
    [
        "text,label,genre\nA fine film.,1,drama\n\"Quoted, with \"\"quotes\"\" and\na line break\",NEGATIVE,\n",
        "\uFEFFid,sentence,label\r\n1,one,0\r\n2,\"two\",POSITIVE\r\n\r\n",
        "text,labels\nmany,\"[0, 2]\"\nnone,\nflags,\"[1.0, 0.0, 1.0]\"\nnamed,\"[\"\"war\"\"]\"\n",
    ];

    private static readonly string[] _words =
    [
        "0", "1", "2", "7", "-1", "1.5", "1.0", "true", "null", "{}", "[]", "[0, 0]", "[0, 1.0]", "[2.0, 0.0, 0.0]", "[true]", "[\"\\ud800\"]",
            "\"\\ud800\"", "\"text\"", "\"label\"", "\"x\"", ",\"\\ud800\":1",
        "\n", "\n\n", "\r", "\"", "\"\"", ",", "\"[0, 1.0]\"", "\"[0, 0]\"", "\"[1.0]\"", "\"[2.0, 0.0, 0.0]\"", "\"[0\"", "\"a\"b", "\u00e9",
            new string('x', 3_000), Lines("{\"text\":\"a\",\"label\":0}"), Lines("1,one,000000000000000"),
    ];

    [Fact]
    public void Every_file_of_JSON_lines_gives_texts_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_jsonLines.Select(Encoding.UTF8.GetBytes), _words), [.. _labelErrors, "is the list [",
            "is empty, expected a JSON object", "is not valid JSON: ", "it is not UTF-8", "is not valid Unicode", "expected an object such as",
                "has no '", "expected a string", "no column is called", ", expected one",
            "is longer than", "are larger than"])
            .Check(input => ReadAll(new JsonLines("texts.jsonl", new TextOptions(), labelled: true, TextNotices.None)
                .Read(new MemoryStream(input), _limits), Model(input)));

    [Fact]
    public void Every_array_gives_texts_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_arrays.Select(Encoding.UTF8.GetBytes), [.. _words, "[", "]", "{", "}", "],[", "\\", "\\\""]),
            [.. _labelErrors, "is the list [",
            "is not valid JSON: ", "it is not UTF-8", "is not valid Unicode", "expected an object such as", "has no '", "expected a string",
                "no column is called",
            ", expected one", "the array does not end", "something follows the end", "an element of the array is longer", "is longer than",
                "are larger than"])
        {
            MayBeMissed = ["is longer than", "it is not UTF-8"],
        }
            .Check(input => ReadAll(new JsonArray("texts.json", new TextOptions(), labelled: true, TextNotices.None)
                .Read(new MemoryStream(input), _limits), Model(input)));

    [Fact]
    public void Every_packed_file_gives_texts_or_an_error_of_ours_and_unpacks_no_further_than_the_limit()
    {
        var bomb = Packed(new byte[32 << 20]);
        var lines = Packed(Encoding.UTF8.GetBytes(Lines("{\"text\":\"a\",\"label\":0}")));

        new FuzzRun(new Mutator([.. Enumerable.Repeat(Packed(Encoding.UTF8.GetBytes(_jsonLines[0])), 200), bomb, lines], ["\0", "\u001f"]),
            "the compressed data is damaged", "is not valid JSON", "is longer than", "are larger than", "is empty, expected a JSON object",
                "is not valid Unicode", "expected a", ", expected 0 to", "has no '", "no column is called", ", expected one")
        {
            MayBeMissed = ["is not valid JSON", "is longer than", "is empty, expected a JSON object", "is not valid Unicode", "expected a",
                ", expected 0 to", "has no '", "no column is called", ", expected one"],
        }
            .Check(input => ReadAll(new JsonLines("texts.jsonl.gz", new TextOptions(), labelled: true, TextNotices.None)
                .Read(new GZipStream(new MemoryStream(input), CompressionMode.Decompress), _limits), Tasks.Reviews));
    }

    [Fact]
    public void Every_table_gives_texts_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_tables.Select(Encoding.UTF8.GetBytes), _words), [.. _labelErrors,
            "the header has", "the quoted field is longer than", "a quoted field does not end", "is not valid UTF-8",
                "follows the quote that ends field", "no column is called", ", expected one", "has null characters",
            "is longer than", "are larger than"])
            .Check(input => ReadAll(new DelimitedTable("texts.csv", new TextOptions(), labelled: true, TextNotices.None)
                .Read(new MemoryStream(input), _limits), Model(input)));

    /// <summary>The third of the seeds is for a model of several labels.</summary>
    private static ClassificationTask Model(byte[] input) => input.AsSpan().IndexOf("labels"u8) >= 0 ? Tasks.Topics : Tasks.Reviews;

    private static void ReadAll(IEnumerable<TextRow> rows, ClassificationTask task)
    {
        foreach (var text in Tasks.Of(rows, task))
        {
            Assert.NotNull(text.Text);
        }
    }

    /// <summary>More than the limit allows together.</summary>
    private static string Lines(string line) => string.Concat(Enumerable.Repeat($"\n{line}", 1_000));

    private static byte[] Packed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Optimal))
        {
            stream.Write(content);
        }

        return packed.ToArray();
    }
}
