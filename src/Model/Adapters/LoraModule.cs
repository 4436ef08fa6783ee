using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters;

/// <summary>The adapter of one linear layer: y = W·x + b + scale·(B·(A·x) + bias of B), and what its kind makes of that sum.</summary>
public sealed class LoraModule
{
    /// <summary>The linear module it changes, as in the checkpoint: <c>distilbert.transformer.layer.0.attention.q_lin</c>.</summary>
    public required string Module { get; init; }

    /// <summary>That module.</summary>
    public LinearLayout Layout => new(Module, B.Shape[0], A.Shape[1]);

    /// <summary>What it is made of, and what it does to the weight.</summary>
    public ILinearAdapter Kind { get; init; } = LinearAdapters.Lora;

    /// <summary>alpha/rank, or alpha/sqrt(rank) for rsLoRA.</summary>
    public required double Scale { get; init; }

    /// <summary>Down projection [rank, in].</summary>
    public required NamedTensor A { get; init; }

    /// <summary>Up projection [out, rank].</summary>
    public required NamedTensor B { get; init; }

    /// <summary>Bias of the up projection [out] (<c>lora_bias</c>), or null.</summary>
    public NamedTensor? BBias { get; init; }

    /// <summary>Its tensors by <see cref="AdapterKey.Suffix"/>, as they lie in a file; A, B and its bias where nothing else is said.</summary>
    public IReadOnlyDictionary<string, NamedTensor> Own
    {
        get => field ?? LinearAdapters.Lora.FileKeys(BBias is not null).ToDictionary(key => key.Suffix, key => key.Part switch
        {
            AdapterPart.Down => A,
            AdapterPart.Up => B,
            _ => BBias!, // its key is there with it
        });
        init;
    }

    /// <summary>All its numbers, in the order of a file.</summary>
    public IEnumerable<NamedTensor> Tensors => [.. Kind.FileKeys(BBias is not null).Select(key => key.Of(this))];

    /// <summary>What its kind trains.</summary>
    public IEnumerable<NamedTensor> Trained => [.. Kind.Keys.Select(key => key.Of(this))];

    /// <summary>The trained tensor of a part, or null where its kind has none.</summary>
    public NamedTensor? Part(AdapterPart part) => Kind.Keys.FirstOrDefault(key => key.Part == part)?.Of(this);

    /// <summary>The same numbers with other names.</summary>
    public LoraModule Renamed(Func<AdapterKey, string> name) => Kind.Compose(Layout, Scale,
        key => Own.TryGetValue(key.Suffix, out var tensor) ? new NamedTensor(name(key), tensor.Shape, tensor.Values) : null);

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
