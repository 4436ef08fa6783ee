using System.Text.Json;

namespace LoraOnnx.Model.Metrics;

/// <summary>
/// How a model's logits become scores and an answer: <c>calibration.json</c> beside the model. lora-compare chooses the values on validation texts
/// and writes the file; lora-serve reads it. The default changes nothing: softmax or sigmoid of the logits, and the most likely label.
/// </summary>
public sealed record Calibration
{
    /// <summary>The file's name beside model.onnx.</summary>
    public const string FileName = "calibration.json";

    /// <summary>Logits as they are, and the most likely label.</summary>
    public static Calibration None { get; } = new();

    /// <summary>Logits are divided by this before the softmax or sigmoid; above 0. Larger than 1 makes a model less sure of itself; the order of
    /// labels stays.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>
    /// A score of at least this, 0 to 1, means the positive class of a two-class model, and each label that holds of a multi-label one. Null: the
    /// most likely class, and 0.5 for multi-label models. Models of more than two classes do not use it.
    /// </summary>
    public double? Threshold { get; init; }

    /// <summary>Scores from which the labels of a multi-label model hold, in the order of its labels; they win over <see cref="Threshold"/>. Null:
    /// one
    /// for all.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    /// <summary>What the adapters were multiplied by (lora-merge --scale) when the values were chosen, or null where nothing says; the server does
    /// not use it.</summary>
    public double? Scale { get; init; }

    /// <summary>SHA-256 of the ONNX file for which the values were chosen, or null when unknown.</summary>
    public string? ModelHash { get; init; }

    /// <summary>Where the values come from, for people: the texts they were chosen on, their hash and number, the tool and its version.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; init; } = new Dictionary<string, string>();

    /// <summary>Scores of one text: softmax or sigmoid of logits / temperature.</summary>
    public double[] Scores(ReadOnlySpan<float> logits, ProblemType problemType) => Probabilities.Of(logits, problemType, Temperature);

    /// <summary>The same into space for as many scores as there are logits.</summary>
    public void FillScores(Span<double> scores, ReadOnlySpan<float> logits, ProblemType problemType) =>
        Probabilities.Fill(scores, logits, problemType, Temperature);

    /// <summary>Index of the answer of a single-label model; the first of equal scores.</summary>
    public int Predict(ReadOnlySpan<double> scores)
    {
        if (Threshold is { } threshold && scores.Length == 2)
        {
            return scores[1] >= threshold ? 1 : 0;
        }

        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }

    /// <summary>Index of the label that is named first: the answer, or the most likely label of a multi-label model, whether it holds or
    /// not.</summary>
    public int Answer(ReadOnlySpan<double> scores, ProblemType problemType) =>
        problemType == ProblemType.SingleLabel ? Predict(scores) : None.Predict(scores);

    /// <summary>What a model's scores of a text say.</summary>
    public Decision Decide(ReadOnlySpan<double> scores, ProblemType problemType)
    {
        var answer = Answer(scores, problemType);
        if (problemType == ProblemType.SingleLabel)
        {
            return new Decision(answer, [answer]);
        }

        var holding = new List<int>();
        for (var label = 0; label < scores.Length; label++)
        {
            if (Holds(label, scores[label]))
            {
                holding.Add(label);
            }
        }

        return new Decision(answer, holding);
    }

    /// <summary>True when a multi-label model says that a label with this score holds.</summary>
    public bool Holds(int label, double score) => score >= ThresholdOf(label);

    /// <summary>The score from which a label of a multi-label model holds.</summary>
    public double ThresholdOf(int label) => Thresholds is { } all && label < all.Count ? all[label] : Threshold ?? 0.5;

    /// <summary>Reads calibration.json in a directory, or gives <see cref="None"/> when there is none.</summary>
    /// <exception cref="InputException">The file is malformed or a value is out of range.</exception>
    public static Calibration LoadOrNone(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return None;
        }

        var fields = JsonFields.Load(path);
        var provenance = fields.Find("provenance");
        return new Calibration
        {
            Temperature = fields.Number("temperature", 1, 1e-3, 1e3),
            Threshold = fields.Find("threshold") is null ? null : fields.Number("threshold", 0.5, 0, 1),
            Thresholds = ReadThresholds(path, fields),
            Scale = fields.Find("scale") is null ? null : fields.Number("scale", 1, -1e6, 1e6),
            ModelHash = fields.Text("model_sha256"),
            Provenance = provenance is { ValueKind: JsonValueKind.Object } entries
                ? entries.EnumerateObject().GroupBy(entry => entry.Name, StringComparer.Ordinal)
                    .ToDictionary(named => named.Key, named => named.Last().Value.ToString(), StringComparer.Ordinal) // JSON lets names come twice
                : new Dictionary<string, string>(),
        };
    }

    private static IReadOnlyList<double>? ReadThresholds(string path, JsonFields fields)
    {
        if (fields.Find("thresholds") is not { } list)
        {
            return null;
        }

        var isValid = list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var number) && number is >= 0 and <= 1);
        return isValid ? [.. list.EnumerateArray().Select(item => item.GetDouble())]
            : throw InputException.InFile(path,
                $"'thresholds' is {JsonFields.Describe(list)}, expected a list of numbers from 0 to 1, one for each label.");
    }

    /// <summary>
    /// Reads calibration.json in a directory for the model whose file has this SHA-256. Values that were chosen for another file, such as the one
    /// that stood there before, are not used, and <paramref name="warn"/> says so.
    /// </summary>
    /// <exception cref="InputException">The file is malformed or a value is out of range.</exception>
    public static Calibration LoadFor(string directory, string modelHash, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(warn);
        var calibration = LoadOrNone(directory);
        if (calibration.ModelHash is not { } chosenFor || chosenFor.Equals(modelHash, StringComparison.OrdinalIgnoreCase))
        {
            return calibration;
        }

        warn($"{Path.Combine(directory, FileName)} was chosen for another model file and is not used; lora-compare --calibrate or --threshold "
            + "chooses anew.");
        return None;
    }

    /// <summary>Writes calibration.json into a directory, atomically.</summary>
    /// <exception cref="InputException">The directory cannot be written.</exception>
    public void Save(string directory) => AtomicFile.Write(Path.Combine(directory, FileName), stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("temperature", Temperature);
        if (Threshold is { } threshold)
        {
            json.WriteNumber("threshold", threshold);
        }

        if (Thresholds is { } thresholds)
        {
            json.WriteStartArray("thresholds");
            foreach (var ofLabel in thresholds)
            {
                json.WriteNumberValue(ofLabel);
            }

            json.WriteEndArray();
        }

        if (Scale is { } scale)
        {
            json.WriteNumber("scale", scale);
        }

        if (ModelHash is not null)
        {
            json.WriteString("model_sha256", ModelHash);
        }

        json.WriteStartObject("provenance");
        foreach (var (key, value) in Provenance)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    });
}
