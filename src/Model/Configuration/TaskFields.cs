using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LoraOnnx.Model.Configuration;

/// <summary>The keys of config.json that say what a model classifies: <c>id2label</c>, <c>num_labels</c>, <c>label2id</c>,
/// <c>problem_type</c>.</summary>
public sealed record TaskFields(ClassificationTask Task, IReadOnlyList<string> Warnings)
{
    /// <exception cref="InputException">The labels are malformed, or the model is one of regression.</exception>
    internal static TaskFields Read(string path, JsonFields fields)
    {
        var task = new ClassificationTask(Labels(path, fields), ProblemTypeOf(path, fields));
        if (task.Labels.Count == 1 && !task.IsMultiLabel)
        {
            throw InputException.InFile(path, "has one label, which means regression; expected at least two labels.",
                "regression heads are not supported.");
        }

        return new TaskFields(task, [.. Contradiction(path, fields, task.Labels)]);
    }

    /// <summary>Sets the classes in the JSON of a config.json.</summary>
    public static void Write(JsonObject config, ClassificationTask task)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(task);
        config["id2label"] = new JsonObject(task.Labels.Select((label, index) => KeyValuePair.Create($"{index}", (JsonNode?)label)));
        config["label2id"] = new JsonObject(task.Labels.Select((label, index) => KeyValuePair.Create(label, (JsonNode?)index)));
        config["problem_type"] = ClassificationTask.NameOf(task.ProblemType);
        config.Remove("num_labels");
    }

    private static ProblemType ProblemTypeOf(string path, JsonFields fields) => fields.Text("problem_type") switch
    {
        null or "single_label_classification" => ProblemType.SingleLabel,
        "multi_label_classification" => ProblemType.MultiLabel,
        var other => throw InputException.InFile(path,
            $"'problem_type' is '{other}', expected 'single_label_classification' or 'multi_label_classification'.",
            "regression heads are not supported."),
    };

    /// <summary>The labels of <c>id2label</c>, or LABEL_0 to LABEL_(N-1) for <c>num_labels</c> N, or two of them.</summary>
    private static string[] Labels(string path, JsonFields fields)
    {
        var count = fields.Integer("num_labels", -1, 1, 1 << 16);
        if (fields.Find("id2label") is not { } map)
        {
            return [.. Enumerable.Range(0, count < 0 ? 2 : count).Select(index => $"LABEL_{index}")];
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong("id2label", map, "an object such as {\"0\": \"NEGATIVE\", \"1\": \"POSITIVE\"}");
        }

        var labels = new SortedDictionary<int, string>();
        foreach (var (name, value) in fields.Entries("id2label"))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                || value.ValueKind != JsonValueKind.String
                || !labels.TryAdd(index, fields.TextOf(value, "id2label")))
            {
                throw InputException.InFile(path,
                    $"'id2label' has the entry '{name}': {JsonFields.Describe(value)}, expected distinct numbers with names.");
            }
        }

        if (labels.Count == 0 || labels.Keys.Last() != labels.Count - 1)
        {
            throw InputException.InFile(path,
                $"'id2label' numbers its {labels.Count} labels {string.Join(", ", labels.Keys.Take(10))}, expected 0 to N-1.");
        }

        if (labels.Values.GroupBy(label => label).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw InputException.InFile(path, $"'id2label' gives the name '{twice.Key}' {twice.Count()} times, expected distinct names.");
        }

        return [.. labels.Values];
    }

    /// <summary>A warning where <c>label2id</c> says otherwise than <c>id2label</c>, which is the one that transformers answers with.</summary>
    private static IEnumerable<string> Contradiction(string path, JsonFields fields, IReadOnlyList<string> labels)
    {
        if (fields.Find("id2label") is null || fields.Find("label2id") is not { ValueKind: JsonValueKind.Object })
        {
            yield break;
        }

        var numbers = fields.Entries("label2id");
        var agrees = numbers.Count == labels.Count && numbers.All(entry => entry.Value.ValueKind == JsonValueKind.Number
            && entry.Value.TryGetInt32(out var index) && index >= 0 && index < labels.Count && labels[index] == entry.Name);
        if (!agrees)
        {
            yield return $"{path}: 'id2label' says {Shown(labels.Select((label, index) => $"{index} = {label}"))}; 'label2id' says "
                + $"{Shown(numbers.Select(entry => $"{JsonFields.Describe(entry.Value)} = {entry.Name}"))}. 'id2label' is followed.";
        }
    }

    private static string Shown(IEnumerable<string> pairs)
    {
        var text = string.Join(", ", pairs.Take(6));
        return text.Length <= 120 ? text : text[..120] + "...";
    }
}
