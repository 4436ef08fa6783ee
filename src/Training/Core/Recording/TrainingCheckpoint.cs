using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Recording;

/// <summary>Where a run is, apart from the numbers of the engine. Changes from step to step.</summary>
internal sealed record RunProgress
{
    /// <summary>Index of the phase: 1 for the head of a sequential run, otherwise 0.</summary>
    public int Phase { get; init; }

    /// <summary>Steps of the phase done.</summary>
    public int PhaseStep { get; init; }

    /// <summary>Steps done over all phases.</summary>
    public int Step { get; init; }

    /// <summary>The phase's step count at its last evaluation; when an evaluation is cut, this is how it is known to be due still.</summary>
    public int EvaluatedAt { get; init; }

    /// <summary>The best evaluation of the phase; its weights are in adapter/ and head/.</summary>
    public RunMetrics? Best { get; init; }

    /// <summary>The best evaluation of the phase before, whose adapters the head of this one learns on.</summary>
    public RunMetrics? BestBefore { get; init; }

    /// <summary>The most recent evaluation.</summary>
    public RunMetrics? Last { get; init; }

    /// <summary>Evaluations since the best one.</summary>
    public int EvaluationsSinceBest { get; init; }

    /// <summary>True when the phase ended before its last step because F1 no longer rose.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Real tokens of the texts of all steps.</summary>
    public long Tokens { get; init; }

    /// <summary>Seconds of training, of earlier processes too.</summary>
    public double Seconds { get; init; }

    /// <summary>Largest resident size, of earlier processes too.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>The start of the phase after this one.</summary>
    public RunProgress ForNextPhase() => new()
    {
        Phase = Phase + 1,
        Step = Step,
        Tokens = Tokens,
        Seconds = Seconds,
        PeakMemoryBytes = PeakMemoryBytes,
        BestBefore = Best,
    };
}

/// <summary>Everything a bit-exact continuation needs, in one file, so that it is whole or not there.</summary>
internal sealed class TrainingCheckpoint
{
    public const string FileName = "training-state.safetensors";
    private const string ProgressKey = "progress";
    private const string LogKey = "log";
    private const string StepKey = "engine_step";

    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required RunProgress Progress { get; init; }

    public required RunLogPlace Log { get; init; }

    public required LearnerState Engine { get; init; }

    /// <summary>Writes the file atomically.</summary>
    /// <exception cref="InputException">The disk is full or the folder not writable; the older checkpoint stays.</exception>
    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(Path.Combine(directory, FileName), Engine.Tensors, TensorType.F32, new Dictionary<string, string>
        {
            [ProgressKey] = JsonSerializer.Serialize(Progress, _json),
            [LogKey] = JsonSerializer.Serialize(Log, _json),
            [StepKey] = Engine.Step.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Reads the checkpoint, or null when none was saved yet.</summary>
    /// <exception cref="InputException">The file is malformed.</exception>
    public static TrainingCheckpoint? Load(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        const string Hint =
            "it was changed or damaged after it was saved; start a new run. adapter/ and head/ of this one hold the best weights so far.";
        try
        {
            using var file = SafetensorsFile.Open(path);
            return new TrainingCheckpoint
            {
                Progress = JsonSerializer.Deserialize<RunProgress>(file.Metadata[ProgressKey], _json)!, // written from an object above
                Log = JsonSerializer.Deserialize<RunLogPlace>(file.Metadata[LogKey], _json)!, // likewise
                Engine = new LearnerState(long.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture), [.. file.Names.Select(file.Read)]),
            };
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or FormatException)
        {
            throw InputException.InFile(path, $"is not a training checkpoint: {failure.Message}", Hint, failure);
        }
        catch (InputException failure)
        {
            throw new InputException(failure.Message, Hint, failure);
        }
    }
}
