using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LoraOnnx.Model.Tokenization;
using BertOptions = Microsoft.ML.Tokenizers.BertOptions;
using BertTokenizer = Microsoft.ML.Tokenizers.BertTokenizer;

namespace LoraOnnx.Benchmarks.Tokenizer;

/// <summary>
/// Is our tokenizer at least as fast as Microsoft.ML.Tokenizers' BertTokenizer, and does it allocate by the word? One operation is one text.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
[CategoriesColumn]
public class TokenizerBenchmark
{
    private const int TextCount = 240;
    private const int MaxTokens = 512;

    private string[] _texts = [];
    private TextTokenizer _ours = null!; // both are made in Load
    private BertTokenizer _theirs = null!;

    /// <summary>
    /// <c>reviews</c>: samples/reviews/test.jsonl, English with little else. <c>mixed</c>: the same with accents, combining marks, Chinese and
    /// emoji after every tenth word.
    /// </summary>
    [Params("reviews", "mixed")]
    public string Texts { get; set; } = "";

    public static int Run(string[] arguments)
    {
        _ = arguments;
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithIterationCount(10).WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default);
        return BenchmarkRunner.Run<TokenizerBenchmark>(config).HasCriticalValidationErrors ? 1 : 0;
    }

    [GlobalSetup]
    public void Load()
    {
        var model = Path.Combine(CheckoutRoot.Path, "models", "demo");
        _ours = TextTokenizer.Load(model);
        _theirs = BertTokenizer.Create(Path.Combine(model, "vocab.txt"),
            new BertOptions { LowerCaseBeforeTokenization = true, RemoveNonSpacingMarks = true });
        _texts = [.. File.ReadLines(Path.Combine(CheckoutRoot.Path, "samples", "reviews", "test.jsonl")).Select(TextOf)
            .Select(text => Texts == "reviews" ? text : Mixed(text))];
        if (_texts.Length != TextCount)
        {
            throw new InvalidOperationException($"{_texts.Length} texts, expected {TextCount}.");
        }
    }

    [BenchmarkCategory("ids"), Benchmark(Baseline = true, OperationsPerInvoke = TextCount)]
    public int MicrosoftIds()
    {
        var tokens = 0;
        foreach (var text in _texts)
        {
            tokens += _theirs.EncodeToIds(text, MaxTokens, addSpecialTokens: true, out _, out _).Count;
        }

        return tokens;
    }

    [BenchmarkCategory("ids"), Benchmark(OperationsPerInvoke = TextCount)]
    public int OurIds()
    {
        var tokens = 0;
        foreach (var text in _texts)
        {
            tokens += _ours.Encode(text, MaxTokens, Truncation.Head).Ids.Length;
        }

        return tokens;
    }

    [BenchmarkCategory("ids"), Benchmark(OperationsPerInvoke = TextCount)]
    public int OurIdsThroughTheBaseClass()
    {
        Microsoft.ML.Tokenizers.Tokenizer tokenizer = _ours;
        var tokens = 0;
        foreach (var text in _texts)
        {
            tokens += tokenizer.EncodeToIds(text, MaxTokens, out _, out _).Count;
        }

        return tokens;
    }

    [BenchmarkCategory("offsets"), Benchmark(Baseline = true, OperationsPerInvoke = TextCount)]
    public int MicrosoftTokens()
    {
        var tokens = 0;
        foreach (var text in _texts)
        {
            tokens += _theirs.EncodeToTokens(text, out _).Count;
        }

        return tokens;
    }

    [BenchmarkCategory("offsets"), Benchmark(OperationsPerInvoke = TextCount)]
    public int OurOffsets()
    {
        var tokens = 0;
        foreach (var text in _texts)
        {
            tokens += _ours.EncodeWithOffsets(text, MaxTokens, Truncation.Head).Tokens.Length;
        }

        return tokens;
    }

    private static string TextOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("text").GetString()!; // the sample files have it in every line
    }

    private static string Mixed(string text) =>
        string.Join(' ', text.Split(' ').Chunk(10).Select(words => string.Join(' ', words) + " déjà e\u0301te\u0301 电影 \U0001F600"));
}
