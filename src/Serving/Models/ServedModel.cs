using LoraOnnx.Inference;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Models;

/// <summary>One version of a model in memory, and who holds it: freed when it is retired and the last call has let it go. Thread-safe.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly LoadedEngine _engine;
    private readonly ModelLease? _base;
    private readonly Lock _leaseLock = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _leases;
    private bool _retired;

    /// <summary>A model of its own.</summary>
    public ServedModel(
        ModelSource source, LoadedEngine engine, Calibration calibration, string filesStamp, ModelRuntime runtime, double tokensPerSecond)
        : this(source, engine, calibration, filesStamp, runtime, metrics => new ModelWork(engine, runtime, tokensPerSecond, metrics))
    {
    }

    /// <summary>A variant of a base, which stays in memory as long as this does: the lease is taken over.</summary>
    public ServedModel(
        ModelSource source, LoadedEngine engine, Calibration calibration, string filesStamp, ModelRuntime runtime, ModelLease ofBase)
        : this(source, engine, calibration, filesStamp, runtime, metrics => new ModelWork(engine, runtime, ofBase.Model.Work, metrics)) =>
        _base = ofBase;

    private ServedModel(
        ModelSource source, LoadedEngine engine, Calibration calibration, string filesStamp, ModelRuntime runtime,
        Func<ModelMetrics, ModelWork> work)
    {
        Name = source.Name;
        Version = source.VersionFor(engine.Model.Hash);
        FilesStamp = filesStamp;
        Calibration = calibration;
        _engine = engine;
        Metrics = new ModelMetrics(runtime.Metrics, Name, Version);
        Work = work(Metrics);
        Explanations = new ExplanationWork(engine, runtime, Work);
    }

    public string Name { get; }

    /// <summary>Of a variant: the model that it runs on; null for a model of its own.</summary>
    public ServedModel? Base => _base?.Model;

    /// <summary>Loads a variant onto this; null where it takes none.</summary>
    public Func<Inference.Variants.VariantSource, LoadedEngine>? LoadVariant => _engine.LoadVariant;

    public string Version { get; }

    public Calibration Calibration { get; }

    /// <summary>Scores from which each class of a multi-label model holds; none for other models.</summary>
    public IReadOnlyList<double> Thresholds => Description.Task.IsMultiLabel
        ? [.. Enumerable.Range(0, Description.Task.Labels.Count).Select(Calibration.ThresholdOf)] : [];

    /// <summary>What <see cref="Models.FilesStamp"/> said when the files were read.</summary>
    public string FilesStamp { get; }

    public ModelMetrics Metrics { get; }

    /// <summary>Where its texts are done.</summary>
    public ModelWork Work { get; }

    /// <summary>Where its answers are explained.</summary>
    public ExplanationWork Explanations { get; }

    public ModelDescription Description => _engine.Model;

    public TextTokenizer Tokenizer => _engine.Tokenizer;

    /// <summary>Takes part in the model's life; null when it is on its way out.</summary>
    public ModelLease? TryLease()
    {
        lock (_leaseLock)
        {
            if (_retired)
            {
                return null;
            }

            _leases++;
            return new ModelLease(this);
        }
    }

    /// <summary>Ends one lease.</summary>
    public void Release()
    {
        lock (_leaseLock)
        {
            if (--_leases == 0 && _retired)
            {
                _released.TrySetResult();
            }
        }
    }

    /// <summary>Gives out no more leases, waits for those given, and frees the engine.</summary>
    public async Task RetireAsync()
    {
        lock (_leaseLock)
        {
            _retired = true;
            if (_leases == 0)
            {
                _released.TrySetResult();
            }
        }

        await _released.Task;
        Dispose();
    }

    public void Dispose()
    {
        Work.Dispose();
        Explanations.Dispose();
        _engine.Resources.Dispose();
        _base?.Dispose();
    }
}
