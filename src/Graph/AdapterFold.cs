using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Graph;

/// <summary>What folding did to one linear module: sizes of the change against the weight it was added to.</summary>
public readonly record struct FoldedModule(string Module, int Rank, double DeltaNorm, double WeightNorm, double LargestDelta);

/// <summary>Adds adapters into the weights: W + Σ weight·scale·B·A, summed in double and rounded once to fp32.</summary>
public static class AdapterFold
{
    /// <summary>Folds <paramref name="adapters"/> (each times its weight times <paramref name="scale"/>) into a copy of the weights.</summary>
    /// <exception cref="LoraOnnx.Model.InputException">A folded weight is not finite, or an adapter changes nothing.</exception>
    public static (ModelWeights Merged, IReadOnlyList<FoldedModule> Report) Fold(
        ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters, double scale) => throw new NotImplementedException();
}
