using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Recording.TensorBoard;

namespace LoraOnnx.Training.Recording;

/// <summary>What happens during a run, written as it happens: metrics.jsonl, and the same figures for TensorBoard.</summary>
internal sealed class RunLog : IDisposable
{
    /// <summary>A JSON object a line.</summary>
    public const string MetricsFileName = "metrics.jsonl";

    /// <summary>How the names of event files begin, as TensorBoard asks for.</summary>
    public const string EventsPrefix = "events.out.tfevents.";

    /// <summary>How those of this program end.</summary>
    public const string EventsSuffix = ".lora-train";

    private readonly GrowingFile _metrics;
    private readonly GrowingFile _events;
    private readonly TimeProvider _clock;

    /// <summary>Starts anew, or goes on at <paramref name="place"/>.</summary>
    public RunLog(RunFolder folder, RunLogPlace? place, TimeProvider clock)
    {
        _clock = clock;
        EventsFileName = place?.EventsFileName
            ?? $"{EventsPrefix}{clock.GetUtcNow().ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}{EventsSuffix}";
        Directory.CreateDirectory(folder.TensorBoard);
        _metrics = new GrowingFile(Path.Combine(folder.Path, MetricsFileName), place?.MetricsBytes ?? 0);
        _events = new GrowingFile(Path.Combine(folder.TensorBoard, EventsFileName), place?.EventsBytes ?? 0);
        if (place is null)
        {
            // Of a process that was killed before its first checkpoint: TensorBoard would show its figures too.
            RunParts.DeleteOtherEvents(folder.Path, but: EventsFileName);
            _events.Append(TfRecord.Frame(EventMessage.Version(Now)));
        }
    }

    /// <summary>Name of the file under tensorboard/.</summary>
    public string EventsFileName { get; }

    private double Now => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    public void Step(StepRecord step)
    {
        WriteLine(new
        {
            kind = "step",
            step.Phase,
            step.Step,
            step.Epoch,
            step.Loss,
            step.GradientNorm,
            step.LearningRate,
            step.Texts,
            step.Tokens,
            step.TokensPerSecond,
            step.MemoryBytes
        });
        WriteScalars(step.Step,
            ("train/loss", step.Loss), ("train/gradient_norm", step.GradientNorm), ("train/learning_rate", step.LearningRate),
            ("train/epoch", step.Epoch),
            ("machine/tokens_per_second", step.TokensPerSecond), ("machine/memory_bytes", step.MemoryBytes));
    }

    /// <summary>An evaluation; <paramref name="kind"/> is <c>raw</c>, <c>evaluation</c> or <c>final</c>, <paramref name="texts"/> the role of the
    /// texts.</summary>
    public void Evaluation(string kind, string texts, RunMetrics metrics)
    {
        WriteLine(new
        {
            kind,
            texts,
            metrics.Step,
            metrics.Epoch,
            metrics.Loss,
            metrics.F1,
            metrics.Accuracy,
            metrics.MacroF1,
            metrics.Precision,
            metrics.Recall
        });
        var prefix = kind == "evaluation" ? texts : $"{kind}_{texts}";
        WriteScalars(metrics.Step,
            ($"{prefix}/loss", metrics.Loss), ($"{prefix}/f1", metrics.F1), ($"{prefix}/accuracy", metrics.Accuracy),
            ($"{prefix}/macro_f1", metrics.MacroF1),
            ($"{prefix}/precision", metrics.Precision), ($"{prefix}/recall", metrics.Recall));
    }

    /// <summary>Makes all lines so far safe, and says where they end.</summary>
    public RunLogPlace Flush(bool toDisk)
    {
        _metrics.Flush(toDisk);
        _events.Flush(toDisk);
        return new RunLogPlace(EventsFileName, _metrics.Length, _events.Length);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _events.Dispose();
    }

    private void WriteLine<T>(T line) => _metrics.Append((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, _json), (byte)'\n']);

    private void WriteScalars(int step, params (string Tag, double Value)[] scalars) =>
        _events.Append(TfRecord.Frame(EventMessage.Scalars(Now, step, scalars)));

    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

/// <summary>How far the log goes at a checkpoint.</summary>
internal sealed record RunLogPlace(string EventsFileName, long MetricsBytes, long EventsBytes);

/// <summary>The figures of one optimizer step.</summary>
internal sealed record StepRecord
{
    /// <summary><c>lora</c>, <c>head</c> or <c>lora+head</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Steps done, this one included, over all phases.</summary>
    public required int Step { get; init; }

    /// <summary>Epochs of the phase done, with a fraction.</summary>
    public required double Epoch { get; init; }

    /// <summary>Mean loss before the update.</summary>
    public required float Loss { get; init; }

    /// <summary>L2 norm before clipping.</summary>
    public required float GradientNorm { get; init; }

    /// <summary>Rate of the adapters, or of the head when it is trained alone.</summary>
    public required double LearningRate { get; init; }

    public required int Texts { get; init; }

    /// <summary>Real tokens of the step's texts; those of a head on features went through the encoder beforehand.</summary>
    public required long Tokens { get; init; }

    public required double TokensPerSecond { get; init; }

    /// <summary>Resident size of the process.</summary>
    public required long MemoryBytes { get; init; }
}
