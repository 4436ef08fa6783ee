using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Merge;

/// <summary>
/// The classes of a model whose head comes from elsewhere: the head says how many, config.json beside it which, else they are LABEL_0, LABEL_1, ...
/// </summary>
internal static class BroughtTask
{
    /// <exception cref="InputException">A directory holds no head or adapter, or its config.json names another number of classes.</exception>
    public static ClassificationTask Of(ModelConfig model, string? head, IReadOnlyList<string> adapters)
    {
        var brought = head is not null ? [(Directory: head, Classes: HeadFile.Classes(head, model))]
            : adapters.Select(directory => (Directory: directory, Classes: LoraAdapter.Classes(directory, model))).ToList();
        foreach (var (directory, classes) in brought)
        {
            if (classes is { } count)
            {
                return Named(model.Task, directory, count);
            }
        }

        return model.Task;
    }

    private static ClassificationTask Named(ClassificationTask ofBase, string directory, int classes)
    {
        var config = Path.Combine(directory, ModelConfig.FileName);
        if (File.Exists(config))
        {
            var named = ModelConfig.Load(directory).Task;
            return named.Labels.Count == classes ? named
                : throw InputException.InFile(config, $"names {named.Labels.Count} labels, the head beside it is for {classes}.",
                    "config.json and head are from different models.");
        }

        return classes == ofBase.Labels.Count ? ofBase : ofBase with { Labels = [.. Enumerable.Range(0, classes).Select(label => $"LABEL_{label}")] };
    }
}
