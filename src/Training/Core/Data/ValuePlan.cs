using LoraOnnx.Model.Runs.Values;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Data;

/// <summary>Which values of --per get runs of their own.</summary>
internal static class ValuePlan
{
    /// <summary>Decides by the texts; the values with most training texts come first.</summary>
    /// <exception cref="InputException">No value has enough.</exception>
    public static ValueRuns Of(TrainingTexts all, TrainingOptions options)
    {
        var column = options.Per!; // asked for
        var texts = all.Train.ValuesOf(column).OfType<string>().CountBy(value => value)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var problems = texts.ToDictionary(pair => pair.Key, pair => Problem(all, column, pair.Key, options.PerTexts));
        string[] own = [.. texts.Select(pair => pair.Key).Where(value => problems[value] is null)];
        if (own.Length == 0)
        {
            throw InputException.InFile(options.Train, texts.Count == 0 ? $"has no value in the column '{column}'."
                : $"none of the {texts.Count} values of '{column}' can be trained on alone: {texts[0].Key}, the one with most, has "
                    + $"{problems[texts[0].Key]}.", "take a lower --per-texts, or train one run without --per.");
        }

        var folders = ValueFolders.Of(own);
        var counts = texts.ToDictionary();
        return new ValueRuns
        {
            Column = column,
            Pooled = ValueFolders.Pooled,
            Runs = [.. own.Select((value, place) => new ValueRun(value, folders[place], counts[value]))],
            LeftOut = [.. texts.Where(pair => problems[pair.Key] is not null).Select(pair => new ValueLeftOut(pair.Key, pair.Value,
                problems[pair.Key]!))], // those with a problem
            Options = options.ToJson(),
        };
    }

    /// <summary>Why there is nothing to learn from a value's texts alone, or null.</summary>
    private static string? Problem(TrainingTexts all, string column, string value, int least)
    {
        var train = all.Train.Only(column, value)!; // it is the value of some
        return train.Count < least ? $"{train.Count} training texts, fewer than {least}"
            : train.Labels.All(labels => labels.SequenceEqual(train.Labels[0])) ? "training texts of one label only"
            : all.Validation is { } validation && validation.Only(column, value) is null ? "no validation texts"
            : all.Test is { } test && test.Only(column, value) is null && all.Validation is null ? "no test texts"
            : null;
    }
}
