using LoraOnnx.Graph.Training;

namespace LoraOnnx.Training.Onnx;

/// <summary>Labels as the graphs take them in: 1 for each class that holds [texts, classes].</summary>
internal sealed class LabelTargets(int classes)
{
    /// <summary>Labels, and what the loss is divided by.</summary>
    public IReadOnlyList<NamedValue> Values(IReadOnlyList<IReadOnlyList<int>> labels, double weight)
    {
        var rows = new float[labels.Count * classes];
        for (var text = 0; text < labels.Count; text++)
        {
            foreach (var label in labels[text])
            {
                rows[(text * classes) + label] = 1;
            }
        }

        return
        [
            new(TrainingInputs.Labels, LentSession.Value<float>(rows, labels.Count, classes)),
            new(TrainingInputs.Weight, LentSession.Value<float>((float[])[(float)weight])),
        ];
    }
}
