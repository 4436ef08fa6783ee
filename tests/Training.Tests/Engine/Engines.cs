using System.Collections.Concurrent;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Every engine of lora-train under its name, on one core in fp32: what holds of one holds of all.</summary>
internal static class Engines
{
    private static readonly ConcurrentDictionary<string, Lazy<ITrainingEngine>> _started = new();

    public static readonly string[] All = [.. TrainingEngines.All.Select(engine => engine.Name)];

    public static ILearner<PackedBatch> Adapters(
        string engine, ModelWeights weights, AdapterPlan plan, LearnerOptions options, LoraAdapter? initial = null)
    {
        var learner = Of(engine).Adapters(weights, plan, options);
        var first = (initial?.Modules ?? []).SelectMany(module => module.Renamed(key => key.NameIn(module.Module)).Trained)
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        learner.Restore(new LearnerState(0, [.. learner.Save().Tensors.Select(tensor => first.GetValueOrDefault(tensor.Name, tensor))]));
        return learner;
    }

    public static ILearner<FeatureBatch> Head(string engine, ModelWeights weights, LearnerOptions options) => Of(engine).Head(weights, options);

    public static IEncoder Encoder(string engine, ModelWeights weights, LoraAdapter? adapter = null) =>
        Of(engine).Encoder(weights, adapter, BasePrecision.Fp32);

    public static StepResult Step(this ILearner<PackedBatch> learner, PackedBatch[] parts, double rate) =>
        learner.Step(parts, new LearningRates(rate, rate));

    private static ITrainingEngine Of(string engine) => _started.GetOrAdd(engine, name => new Lazy<ITrainingEngine>(() =>
        TrainingEngines.Start(name, null, new MachineWish(ComputeDevice.Cpu, BasePrecision.Fp32, 1), _ => { }))).Value;
}
