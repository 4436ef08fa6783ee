using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>One way to keep the matrices of an encoder's layers in 8 bits: what is stored for one, how it is rounded, how it is multiplied.</summary>
internal abstract class RoundedForm
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<RoundedForm> All { get; } = [new BlockForm(), new ColumnForm()];

    /// <summary>The form of a precision, or null where it rounds no matrix to 8 bits.</summary>
    public static RoundedForm? Of(Precision precision) => All.FirstOrDefault(form => form.Precision == precision);

    /// <summary>What command lines and files call it.</summary>
    public abstract Precision Precision { get; }

    /// <summary>Whether a channel of the input may be made smaller and its weights larger (<see cref="RoundingPlan.Smoothing"/>).</summary>
    public abstract bool TakesSmoothing { get; }

    /// <summary>Names, types and shapes of what stands for a weight [outputs, inputs].</summary>
    public abstract IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Parts(string weight, int outputs, int inputs);

    /// <summary>What stands for a weight.</summary>
    public abstract IEnumerable<TensorProto> Quantize(TensorProto weight);

    /// <summary>x·Wᵀ + b with a weight in this form.</summary>
    public abstract string Linear(GraphBuilder graph, EncoderNodes nodes, string x, LinearLayout linear);

    /// <summary>A matrix for products in 8 bits; null where this form's codes are for other products.</summary>
    public virtual RoundedMatrix? Matrix(TensorProto codes, TensorProto scales, TensorProto? smoothing) => null;

    /// <summary>The weights [outputs, inputs] that codes stand for.</summary>
    public abstract float[] Values(TensorProto codes, TensorProto scales, int outputs, int inputs);

    /// <summary>Whether this form rounds a matrix of a block unless a plan says otherwise: not those that the serving graph multiplies with [CLS]
    /// alone, which cost nothing.</summary>
    public virtual bool Rounds(BlockLayout block, string weight, bool isLast) =>
        !isLast || weight == block.Key.Weight || weight == block.Value.Weight;
}
