using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Engine = LoraOnnx.Inference.TextClassifier;

namespace LoraOnnx;

/// <summary>
/// A classifier that lora-merge wrote, in this process on ONNX Runtime: the same labels, scores, calibration and truncation as lora-serve's. Texts of
/// different callers share batches. Thread-safe.
/// </summary>
/// <example><code>
/// using var classifier = TextClassifier.Load("onnx/lora");
/// var answer = await classifier.ClassifyAsync("A slow start, but the last act is wonderful.");
/// Console.WriteLine($"{answer.Label} {answer.Score:p1}");
/// </code></example>
public sealed class TextClassifier : ITextClassifier, IDisposable
{
    private readonly Engine _engine;
    private readonly Calibration _calibration;
    private readonly Truncation _truncation;
    private readonly bool _cuts;
    private readonly ClassifierMetrics _metrics;
    private readonly SharedBatches _batches;
    private bool _isDisposed;

    private TextClassifier(Engine engine, Calibration calibration, TextClassifierOptions options, IMeterFactory? meters)
    {
        _engine = engine;
        _calibration = calibration;
        _truncation = options.Truncation switch
        {
            TextTruncation.AsTrained => engine.Model.Truncation,
            TextTruncation.Tail => Truncation.Tail,
            TextTruncation.HeadAndTail => Truncation.HeadAndTail,
            _ => Truncation.Head,
        };
        _cuts = options.Truncation != TextTruncation.Refuse;
        _metrics = new ClassifierMetrics(meters, Path.GetFileName(Path.TrimEndingDirectorySeparator(engine.Model.Path)));
        _batches = new SharedBatches(Encode, engine.Run, Read, options, _metrics);
    }

    /// <summary>Loads a model with the default options.</summary>
    /// <param name="path">An ONNX file or its directory, as lora-merge writes it.</param>
    /// <exception cref="InputException">A file is missing or wrong; the message says which and what to do.</exception>
    public static TextClassifier Load(string path) => Load(path, new TextClassifierOptions());

    /// <summary>Loads a model and runs it once.</summary>
    /// <param name="path">An ONNX file or its directory, as lora-merge writes it.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <param name="logger">Gets a line for each choice worth knowing, such as the precision picked; null: none.</param>
    /// <param name="meters">Makes the meter <c>LoraOnnx</c>; null: a meter of its own.</param>
    /// <exception cref="InputException">A file is missing or wrong; or the precision or device asked for cannot be had.</exception>
    public static TextClassifier Load(string path, TextClassifierOptions options, ILogger? logger = null, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueTexts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)options.Truncation, (uint)TextTruncation.Refuse);
        SupportedPlatform.Check();
        var log = logger ?? NullLogger.Instance;
        void Say(string line) => ClassifierLog.Choice(log, line);
        var engine = Engine.Load(path, new InferenceOptions
        {
            Device = DeviceName.Parse(options.Device),
            Threads = options.Threads,
            Precision = PrecisionRule.Parse(options.Precision),
            Log = Say,
        });
        try
        {
            var calibration = Calibration.LoadFor(ModelFiles.DirectoryOf(path), engine.Model.Hash, Say);
            return new TextClassifier(engine, calibration, options, meters);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Names of the classes, in the order of the scores.</summary>
    public IReadOnlyList<string> Labels => _engine.Model.Task.Labels;

    /// <summary>What the layers compute in: <c>fp32</c>, <c>bf16</c>, <c>int8</c> and so on.</summary>
    public string Precision => EnumNames.Of(_engine.Model.Precision);

    /// <summary>Longest text in tokens, special tokens included; what is longer is cut.</summary>
    public int MaxTokens => _engine.Model.MaxTokens;

    /// <inheritdoc/>
    public ValueTask<TextClassification> ClassifyAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TextClassification>(cancellationToken);
        }

        try
        {
            return _batches.RunAsync(text, cancellationToken);
        }
        catch (Exception failure) when (failure is TextClassificationException or ObjectDisposedException)
        {
            return ValueTask.FromException<TextClassification>(failure);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    [SuppressMessage("Reliability", "CA2012", Justification = "Each is awaited once, in its turn.")]
    public async ValueTask<IReadOnlyList<TextClassification>> ClassifyAsync(
        IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var answers = new TextClassification[texts.Count];
        var ahead = ArrayPool<ValueTask<TextClassification>>.Shared.Rent(TextsAhead);
        var (asked, answered) = (0, 0);
        try
        {
            while (answered < answers.Length)
            {
                for (; asked < answers.Length && asked - answered < TextsAhead; asked++)
                {
                    ahead[asked % TextsAhead] = ClassifyAsync(texts[asked], cancellationToken);
                }

                var next = ahead[answered % TextsAhead];
                answers[answered++] = await next.ConfigureAwait(false);
            }
        }
        finally
        {
            for (; answered < asked; answered++) // after a failure: whoever waits for nothing still has to be told
            {
                await ((Task)ahead[answered % TextsAhead].AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            ArrayPool<ValueTask<TextClassification>>.Shared.Return(ahead, clearArray: true);
        }

        return answers;
    }

    /// <summary>Answers what was asked, then frees the model. Once is enough, twice does no harm.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        _batches.Dispose();
        _metrics.Dispose();
        _engine.Dispose();
    }

    /// <summary>Texts of one call that wait at a time: enough for a full batch while another runs.</summary>
    private const int TextsAhead = 256;

    /// <summary>Classes whose scores fit on the stack.</summary>
    private const int FewLabels = 128;

    private int Encode(string text, ref int[] ids, out int totalTokens)
    {
        var tokens = _engine.Tokenizer.Encode(text, MaxTokens, _truncation, ref ids, out totalTokens);
        return _cuts || totalTokens == tokens ? tokens
            : throw new TextClassificationException($"the text has {totalTokens} tokens; the model takes {MaxTokens}.");
    }

    private TextClassification Read(WaitingText text)
    {
        var task = _engine.Model.Task;
        var logits = text.Logits;
        var scores = logits.Length <= FewLabels ? stackalloc double[logits.Length] : new double[logits.Length];
        _calibration.FillScores(scores, logits, task.ProblemType);
        var label = _calibration.Answer(scores, task.ProblemType);
        var named = new LabelScore[scores.Length];
        for (var i = 0; i < named.Length; i++)
        {
            named[i] = new LabelScore(task.Labels[i], scores[i]);
        }

        return new TextClassification
        {
            Label = task.Labels[label],
            Score = scores[label],
            Scores = named,
            Labels = task.IsMultiLabel ? Holding(named) : [],
            Tokens = text.Ids.Length,
            IsTruncated = text.IsTruncated,
        };
    }

    private string[] Holding(LabelScore[] scores)
    {
        var count = 0;
        for (var label = 0; label < scores.Length; label++)
        {
            count += _calibration.Holds(label, scores[label].Score) ? 1 : 0;
        }

        var holding = count == 0 ? [] : new string[count];
        for (var label = scores.Length - 1; label >= 0; label--)
        {
            if (_calibration.Holds(label, scores[label].Score))
            {
                holding[--count] = scores[label].Label;
            }
        }

        return holding;
    }
}
