using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// The classes of a finished model under the names that the user gives them: <c>--labels negative,positive</c> in the order of their numbers, or
/// <c>--label-map LABEL_0=negative,LABEL_1=positive</c>. Where a map leads to names that the model has, it speaks of labels in files instead.
/// </summary>
/// <param name="Task">The classes, by the user's names where they have one.</param>
/// <param name="Options">How files are read against them.</param>
public sealed record NamedClasses(ClassificationTask Task, TextOptions Options)
{
    /// <exception cref="InputException">There are not as many names as classes, two classes get one name, or the map speaks neither of classes nor
    /// of labels that mean one.</exception>
    public static NamedClasses Of(ClassificationTask model, TextOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var task = options.Labels.All(name => new ClassNames(model).ByName(name) is not null) ? model
            : model with { Labels = Ordered(options.Labels, model) };
        var (map, classes) = (LabelMap.Parse(options.LabelMap), new ClassNames(task));
        if (map.Targets.All(target => classes.ByName(target) is not null))
        {
            return new(task, options); // also where nothing is mapped
        }

        int?[] places = [.. map.Labels.Select(label => classes.FindExactly(new LabelCell(LabelKind.Word, label)))];
        var isNaming = places.Zip(map.Labels).All(pair => pair.First is { } place && (classes.ByName(map.Find(pair.Second)!) ?? place) == place);
        if (!isNaming)
        {
            return map.Targets.FirstOrDefault(target => classes.Find(new LabelCell(LabelKind.Word, target)) is null) is { } other
                ? throw Unknown(other, task) : new(task, options);
        }

        string[] names = [.. task.Labels];
        foreach (var (place, label) in places.Zip(map.Labels))
        {
            names[place!.Value] = map.Find(label)!; // the map's own
        }

        return new(task with { Labels = Distinct(names) }, options with { LabelMap = null });
    }

    /// <summary>Names by number; two names of opposite sense stand where the model's have that sense.</summary>
    private static IReadOnlyList<string> Ordered(IReadOnlyList<string> names, ClassificationTask model)
    {
        var classes = string.Join(", ", model.Labels.Take(12));
        if (names.Count != model.Labels.Count)
        {
            throw new InputException($"--labels has {names.Count} names ({string.Join(", ", names.Take(12))}); the model has {model.Labels.Count} "
                + $"classes: {classes}.", "give a name for each class, in this order.");
        }

        return !model.IsMultiLabel && names.Count == 2 && Polarity.OfTwo(model.Labels) is { } senses && Polarity.OfTwo(names) is { } own
            && !own.SequenceEqual(senses) ? [names[1], names[0]] : names;
    }

    private static InputException Unknown(string target, ClassificationTask task) => new(
        $"--label-map leads to '{target}', which is no class of the model: {string.Join(", ", task.Labels.Take(12))}.",
        $"say what labels of the file mean: --label-map LABEL={task.Labels[0]},...; or name all classes: --label-map {task.Labels[0]}=NAME,...");

    private static string[] Distinct(string[] names) => names.Distinct(StringComparer.OrdinalIgnoreCase).Count() == names.Length ? names
        : throw new InputException($"--label-map gives two classes one name: {string.Join(", ", names.Take(12))}.", "give each a name of its own.");
}
