using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Engine;

/// <summary>What a run leaves: adapters, a head, or both.</summary>
internal sealed record TrainedWeights(LoraAdapter? Adapter, IReadOnlyList<NamedTensor>? Head);
