using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;

namespace LoraOnnx.Evaluation.Models;

/// <summary>A folder of <c>lora-train --per</c> as models: the weights for all, each text's own, and the base where it has a head.</summary>
internal static class ValuesArgument
{
    /// <summary>The name of the model that scores each text by the weights of its value.</summary>
    public const string Own = "own";

    /// <summary>The arguments, each such folder as its models; and the columns whose values have weights.</summary>
    /// <exception cref="InputException">The folder is not whole.</exception>
    public static (IReadOnlyList<ModelArgument> Models, IReadOnlyList<ValueModels> Values) Expand(IReadOnlyList<ModelArgument> arguments)
    {
        var models = new List<ModelArgument>();
        var values = new List<ValueModels>();
        var folders = arguments.Count(argument => !argument.IsServer && ValueRuns.Are(argument.Path));
        foreach (var argument in arguments)
        {
            if (argument.IsServer || !ValueRuns.Are(argument.Path))
            {
                models.Add(argument);
                continue;
            }

            var runs = ValueRuns.Open(argument.Path);
            var pooled = Path.Combine(argument.Path, runs.Pooled);
            var record = RunDirectory.Open(pooled).Record;
            string Name(string part) => folders == 1 && arguments.All(other => other == argument || other.Name != part) ? part
                : $"{argument.Name}-{part}";
            values.Add(new ValueModels(runs.Column, models.Count, models.Count + 1));
            models.Add(new ModelArgument(Name(runs.Pooled), pooled));
            models.Add(new ModelArgument(Name(Own), argument.Path));
            if (record.NewHeadSeed is null)
            {
                models.Add(new ModelArgument(Name("base"), record.ModelDirectory));
            }
        }

        return (models, values);
    }
}

/// <summary>A column whose values have weights of their own: the places among the models of those for all, and of each text's own.</summary>
internal sealed record ValueModels(string Column, int Pooled, int Own);
