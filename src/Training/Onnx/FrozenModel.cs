using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Onnx;

/// <summary>A model as it is, base or base with adapters beside it: no gradients, no moments.</summary>
internal sealed class FrozenModel : IEncoder
{
    private readonly List<NamedValue> _adapters = [];
    private readonly TextAnswers _answers;

    /// <summary>The adapter's replacements (a head) apply too.</summary>
    public FrozenModel(ModelWeights weights, LoraAdapter? adapter, Machine machine)
    {
        var all = adapter is { Replacements.Count: > 0 } ? weights.With(adapter.Replacements) : weights;
        var modules = (adapter?.Modules ?? []).Select(module => module.Renamed(key => key.NameIn(module.Module))).ToList();
        foreach (var tensor in modules.SelectMany(module => module.Trained))
        {
            _adapters.Add(new NamedValue(tensor.Name, LentSession.Value<float>(tensor.Values, tensor.Shape)));
        }

        _answers = new TextAnswers(TrainingModel.OfAnswers(all, modules, trainsHead: false), weights.Config.Layout.Embeddings, machine, _adapters);
    }

    /// <inheritdoc/>
    public float[][] Features(PackedBatch batch) => _answers.Run(batch, TrainingInputs.HeadInput);

    /// <inheritdoc/>
    public float[][] Logits(PackedBatch batch) => _answers.Run(batch, TrainingInputs.Logits);

    /// <inheritdoc/>
    public void Dispose()
    {
        _answers.Dispose();
        foreach (var tensor in _adapters)
        {
            tensor.Value.Dispose();
        }
    }
}
