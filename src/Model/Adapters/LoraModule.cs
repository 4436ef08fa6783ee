using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters;

/// <summary>The adapter of one linear layer: y = W·x + b + scale·(B·(A·x) + bias of B); with DoRA the rows of W + scale·B·A are rescaled to
/// <see cref="Magnitude"/>.</summary>
public sealed class LoraModule
{
    /// <summary>The linear module it changes, as in the checkpoint: <c>distilbert.transformer.layer.0.attention.q_lin</c>.</summary>
    public required string Module { get; init; }

    /// <summary>alpha/rank, or alpha/sqrt(rank) for rsLoRA.</summary>
    public required double Scale { get; init; }

    /// <summary>Down projection [rank, in].</summary>
    public required NamedTensor A { get; init; }

    /// <summary>Up projection [out, rank].</summary>
    public required NamedTensor B { get; init; }

    /// <summary>Bias of the up projection [out] (<c>lora_bias</c>), or null.</summary>
    public NamedTensor? BBias { get; init; }

    /// <summary>DoRA's magnitude [out], or null.</summary>
    public NamedTensor? Magnitude { get; init; }

    /// <summary>What it is made of, and what it does to the weight.</summary>
    public ILinearAdapter Kind => Magnitude is null ? LinearAdapters.Lora : LinearAdapters.Dora;

    /// <summary>All its numbers: what its kind trains, and a bias of B where it was read with one.</summary>
    public IEnumerable<NamedTensor> Tensors =>
        [A, B, .. BBias is null ? (NamedTensor[])[] : [BBias], .. Kind.Keys.Skip(2).Select(key => key.Of(this))];

    /// <summary>What it adds to number <paramref name="r"/> of the bias.</summary>
    public double BiasDelta(double factor, int r) => BBias is null ? 0 : factor * Scale * BBias.Values[r];

    /// <summary>Inner width of A and B.</summary>
    public int Rank => A.Shape[0];

    /// <summary>Aᵀ [in, rank], row by row: what rows x are multiplied by first.</summary>
    public float[] TransposedA() => Transposed(A, 1);

    /// <summary>weight·scale·Bᵀ [rank, out], row by row: what x·Aᵀ is multiplied by.</summary>
    public float[] TransposedB(double weight) => Transposed(B, weight * Scale);

    private static float[] Transposed(NamedTensor matrix, double factor)
    {
        var (rows, columns) = (matrix.Shape[0], matrix.Shape[1]);
        var turned = new float[matrix.Values.Length];
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                turned[(c * rows) + r] = (float)(factor * matrix.Values[(r * columns) + c]);
            }
        }

        return turned;
    }
}
