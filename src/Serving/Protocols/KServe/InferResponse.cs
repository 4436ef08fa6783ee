using System.Globalization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>An output tensor: numbers or texts.</summary>
internal sealed record InferOutput(string Name, long[] Shape, float[]? Numbers, string[]? Texts)
{
    public string Datatype => Numbers is null ? InferTensor.BytesType : "FP32";
}

/// <summary>The outputs that a request asks for, in the order in which it asks.</summary>
internal sealed class InferResponse
{
    public const string Logits = "logits";
    public const string Scores = "scores";
    public const string Label = "label";

    /// <summary>Of a requested output: give the best N classes as "value:index:label" texts instead of the numbers.</summary>
    public const string ClassificationParameter = "classification";

    /// <summary>Of a response: whether a text was cut at the model's limit, and which rows were.</summary>
    public const string TruncatedParameter = "truncated";
    public const string TruncatedRowsParameter = "truncated_rows";

    private static readonly string[] _all = [Logits, Scores, Label];

    /// <summary>The answer to no rows.</summary>
    public InferResponse(InferRequest request, ServedModel model)
        : this(request, model.Name, model.Version, model.Description.Task.Labels.Count, [])
    {
    }

    private InferResponse(InferRequest request, string model, string version, int classes, IReadOnlyList<Prediction> rows)
    {
        Model = model;
        Version = version;
        Id = request.Id;
        TruncatedRows = [.. Enumerable.Range(0, rows.Count).Where(row => rows[row].Classification.Truncated)];
        Outputs = request.Outputs.Count == 0
            ? [.. _all.Select(name => Output(name, null, classes, rows))]
            : [.. request.Outputs.Select(wanted => Output(wanted.Name, wanted.Classes, classes, rows))];
    }

    /// <summary>The answer to at least one row, all by the same model.</summary>
    public static InferResponse Of(InferRequest request, IReadOnlyList<Prediction> rows) =>
        new(request, rows[0].Model, rows[0].Version, rows[0].Classes.Count, rows);

    public string Model { get; }

    public string Version { get; }

    public string Id { get; }

    /// <summary>Texts of which only a part was read.</summary>
    public IReadOnlyList<int> TruncatedRows { get; }

    public string TruncatedRowsText => string.Join(',', TruncatedRows);

    public IReadOnlyList<InferOutput> Outputs { get; }

    /// <summary>What is wrong with the outputs that are asked for, or null.</summary>
    public static CallError? Check(IReadOnlyList<WantedOutput> outputs)
    {
        foreach (var output in outputs)
        {
            if (Array.IndexOf(_all, output.Name) < 0)
            {
                return CallError.Invalid(output.Field, $"there is no output '{CallError.Shown(output.Name)}'; there are {string.Join(", ", _all)}.");
            }

            if (output is { Name: Label, Classes: not null })
            {
                return CallError.Invalid(output.Field, $"'{Label}' holds no numbers to rank; ask for {Scores} or {Logits}.");
            }

            if (output.Classes <= 0)
            {
                return CallError.Invalid(output.Field, $"'{ClassificationParameter}' is the number of classes to return, an int64 of at least 1.");
            }
        }

        return null;
    }

    private static InferOutput Output(string name, long? wantedClasses, int classes, IReadOnlyList<Prediction> rows)
    {
        if (name == Label)
        {
            return new InferOutput(name, [rows.Count, 1], null, [.. rows.Select(row => row.Label)]);
        }

        if (wantedClasses is not { } wanted)
        {
            return new InferOutput(name, [rows.Count, classes], [.. rows.SelectMany(row => Values(name, row))], null);
        }

        var best = (int)Math.Min(wanted, classes);
        return new InferOutput(name, [rows.Count, best], null, [.. rows.SelectMany(row => Best(Values(name, row), row.Classes, best))]);
    }

    private static float[] Values(string name, Prediction row) => name == Logits ? row.Logits : row.Scores;

    private static IEnumerable<string> Best(float[] values, IReadOnlyList<string> classes, int count) => values
        .Select((value, index) => (value, index))
        .OrderByDescending(entry => entry.value)
        .Take(count)
        .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.value:f6}:{entry.index}:{classes[entry.index]}"));
}
