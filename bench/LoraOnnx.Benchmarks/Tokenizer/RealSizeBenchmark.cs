using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Tokenizer;

/// <summary>
/// Do tokenizers of real sizes load in about a second, and encode as fast as WordPiece, per character? One thread, all in turn, CPU time, medians.
/// </summary>
internal static class RealSizeBenchmark
{
    public const string Question = "Do 50,000 merges and 250,000 pieces load in about a second, and encode as fast as WordPiece?";

    private const int Rounds = 21;
    private const int MaxTokens = 512;

    public static int Run(string[] arguments)
    {
        _ = arguments;
        var folder = Directory.CreateTempSubdirectory("lora-onnx-").FullName;
        try
        {
            string[] directories = [Path.Combine(CheckoutRoot.Path, "models", "demo"), RealSizeVocabularies.BytePairs(folder),
                RealSizeVocabularies.Unigram(folder)];
            string[] texts = [.. File.ReadLines(Path.Combine(CheckoutRoot.Path, "samples", "reviews", "test.jsonl"))
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)]; // each line has a text
            var tokenizers = directories.Select(directory =>
                (Path.GetFileName(directory), Load: LoadTimes(directory), Tokenizer: TextTokenizer.Load(directory))).ToList();
            var units = texts.Sum(text => (double)text.Length);
            var times = tokenizers.Select(_ => new List<double>()).ToList();
            for (var round = 0; round < Rounds + 3; round++)
            {
                for (var index = 0; index < tokenizers.Count; index++)
                {
                    var seconds = Encode(tokenizers[index].Tokenizer, texts);
                    if (round >= 3) // the first ones are not compiled yet
                    {
                        times[index].Add(seconds * 1e9 / units);
                    }
                }
            }

            Console.WriteLine("| tokenizer | entries | files, MB | first load, ms | load, ms | ns a character | ratio | tokens a text |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|");
            for (var index = 0; index < tokenizers.Count; index++)
            {
                var (name, load, tokenizer) = tokenizers[index];
                var size = Directory.GetFiles(directories[index], "tokenizer.json").Sum(path => new FileInfo(path).Length) / 1e6;
                var ratio = Median(times[index].Zip(times[0]).Select(pair => pair.First / pair.Second));
                var tokens = texts.Average(text => tokenizer.Encode(text, MaxTokens, Truncation.Head).Ids.Length);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {name} | {tokenizer.VocabularySize} | {size:F1} | {load[0]:F0} | {Median(load):F0} | {Median(times[index]):F1} | {ratio:F2} "
                    + $"| {tokens:F0} |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<double> LoadTimes(string directory) => [.. Enumerable.Range(0, 5).Select(_ =>
    {
        var before = Environment.CpuUsage.TotalTime;
        TextTokenizer.Load(directory);
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    })];

    private static double Encode(TextTokenizer tokenizer, string[] texts)
    {
        var before = Environment.CpuUsage.TotalTime;
        foreach (var text in texts)
        {
            tokenizer.Encode(text, MaxTokens, Truncation.Head);
        }

        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
