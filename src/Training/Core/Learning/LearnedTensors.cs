using System.Diagnostics;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Learning;

/// <summary>What learns, as it starts.</summary>
internal static class LearnedTensors
{
    /// <summary>New adapters of a plan, and the head where it is trained.</summary>
    /// <exception cref="InputException">An adapter on a head that is trained in full.</exception>
    public static List<ParameterSpec> Of(ModelWeights weights, AdapterPlan plan, LearnerOptions options)
    {
        var onHead = plan.Modules.FirstOrDefault(module => weights.Config.Layout.Head.Linears.Any(step => step.Linear.Name == module));
        if (onHead is not null && options.TrainHead)
        {
            throw new InputException($"the target '{onHead}' is part of the head, which is trained in full.",
                "leave it out of --targets, or train adapters alone with --method lora.");
        }

        return [.. Adapters(weights, plan, options), .. options.TrainHead ? Head(weights) : []];
    }

    /// <summary>The head's tensors.</summary>
    public static IEnumerable<ParameterSpec> Head(ModelWeights weights) => weights.Config.Layout.Head.Keys.Select(key =>
        new ParameterSpec(weights[key], weights[key].Shape.Count == 1 ? ParameterKind.HeadBias : ParameterKind.HeadWeight));

    /// <summary>What was learnt, each tensor as <paramref name="read"/> gives it.</summary>
    public static TrainedWeights Export(ModelWeights weights, AdapterPlan plan, LearnerOptions options, Func<string, NamedTensor> read)
    {
        var head = options.TrainHead ? weights.Config.Layout.Head.Keys.Select(read).ToList() : null;
        return new TrainedWeights(new LoraAdapter(
            [.. plan.Modules.Select(module => plan.Kind.Compose(weights.Config.Layout.Linear(module), plan.Scale,
                key => key.Part == AdapterPart.Fixed ? null : read(key.NameIn(module))))],
            head ?? []), head);
    }

    private static IEnumerable<ParameterSpec> Adapters(ModelWeights weights, AdapterPlan plan, LearnerOptions options)
    {
        var random = options.Rules.Random(options.Seed, RandomUse.Adapters);
        foreach (var name in plan.Modules)
        {
            var module = plan.Kind.Initialize((weights.Config.Layout.Linear(name), weights[$"{name}.weight"]),
                plan.Rank, plan.Scale, plan.Initialization, random);
            foreach (var key in plan.Kind.Keys)
            {
                var tensor = key.Of(module);
                yield return new ParameterSpec(new NamedTensor(key.NameIn(name), tensor.Shape, tensor.Values), KindOf(key.Part));
            }
        }
    }

    private static ParameterKind KindOf(AdapterPart part) => part switch
    {
        AdapterPart.Down => ParameterKind.AdapterDown,
        AdapterPart.Up => ParameterKind.AdapterUp,
        AdapterPart.Magnitude => ParameterKind.AdapterMagnitude,
        _ => throw new UnreachableException($"An adapter's part {part} has no learning rate. This is a bug."),
    };
}
