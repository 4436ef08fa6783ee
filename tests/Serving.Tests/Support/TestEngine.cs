using LoraOnnx.Inference;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Tests.Support;

/// <summary>
/// An engine whose logits follow from the token ids, so that every answer can be checked; it can be held at a gate, and counts what it runs.
/// The tokenizer and labels are those of models/demo.
/// </summary>
internal sealed class TestEngine : IDisposable
{
    private static readonly TextTokenizer _tokenizer = TextTokenizer.Load(Golden.DemoModel);
    private static readonly ModelConfig _config = ModelConfig.Load(Golden.DemoModel);

    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private readonly object _lock = new();

    private readonly List<int[][]> _batches = [];

    /// <summary>What ran until now, as token ids [texts][tokens].</summary>
    public int[][][] Batches
    {
        get
        {
            lock (_lock)
            {
                return [.. _batches];
            }
        }
    }

    public int BatchCount
    {
        get
        {
            lock (_lock)
            {
                return _batches.Count;
            }
        }
    }

    public bool Disposed { get; private set; }

    /// <summary>Answers differ by this, so that a test can tell two engines apart.</summary>
    public float Offset { get; init; }

    /// <summary>Called with every batch before it runs; may throw.</summary>
    public Action<int[][]>? BeforeRun { get; set; }

    /// <summary>What to answer for token ids instead of the usual; null: the usual.</summary>
    public Func<int[], float[]>? Answer { get; set; }

    public ModelConfig Config { get; init; } = _config;

    /// <summary>Which part of a long text the model says it was trained on.</summary>
    public Truncation Truncation { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string> { ["method"] = "test" };

    public string Hash { get; init; } = new('a', 64);

    public static EncodedText Encode(string text) => _tokenizer.Encode(text, 512, Truncation.Head);

    /// <summary>What the engine answers for a text.</summary>
    public float[] LogitsFor(string text) => Logits(Encode(text).Ids);

    /// <summary>Forgets what ran until now.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _batches.Clear();
        }
    }

    public void Hold() => _gate.Reset();

    public void LetGo() => _gate.Set();

    public LoadedEngine Load(string path) => new(
        new ModelDescription
        {
            Path = path,
            Hash = Hash,
            Bytes = 1 << 20,
            Config = Config,
            MaxTokens = 512,
            Truncation = Truncation,
            Metadata = Metadata,
        },
        _tokenizer,
        Run,
        this);

    public float[][] Run(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken)
    {
        int[][] ids = [.. batch.Select(text => text.Ids)];
        lock (_lock)
        {
            _batches.Add(ids);
        }

        BeforeRun?.Invoke(ids);
        _gate.Wait(cancellationToken);
        return [.. ids.Select(Answer ?? Logits)];
    }

    public int RunsOf(string text)
    {
        var ids = Encode(text).Ids;
        lock (_lock)
        {
            return _batches.Sum(batch => batch.Count(row => row.SequenceEqual(ids)));
        }
    }

    public void Dispose()
    {
        Disposed = true;
        _gate.Set();
    }

    private float[] Logits(int[] ids) =>
        [.. Enumerable.Range(0, Config.Task.Labels.Count).Select(label => Offset + (ids.Sum(id => (long)id * (label + 3)) % 97) / 20f)];
}
