using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;

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
        var modules = (adapter?.Modules ?? []).Select(Named).ToList();
        foreach (var tensor in modules.SelectMany(module => module.Tensors))
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

    private static LoraModule Named(LoraModule module)
    {
        NamedTensor Under(NamedTensor tensor, string name) => new(name, tensor.Shape, tensor.Values);
        return new LoraModule
        {
            Module = module.Module,
            Scale = module.Scale,
            A = Under(module.A, AdapterNames.A(module.Module)),
            B = Under(module.B, AdapterNames.B(module.Module)),
            Magnitude = module.Magnitude is { } magnitude ? Under(magnitude, AdapterNames.Magnitude(module.Module)) : null,
        };
    }
}
