using LoraOnnx.Graph.Forms;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>One way to keep the matrices of an encoder's layers in 8 bits: what is stored for one, how it is rounded, how it is multiplied.</summary>
internal abstract class RoundedForm : WeightForm
{
    /// <summary>All of them.</summary>
    public static new IReadOnlyList<RoundedForm> All { get; } = [new BlockForm(), new ColumnForm()];

    /// <summary>The form of a precision, or null where it rounds no matrix to 8 bits.</summary>
    public static new RoundedForm? Of(Precision precision) => All.FirstOrDefault(form => form.Precision == precision);

    /// <summary>Codes are the end of the road.</summary>
    public override bool IsSource => false;

    /// <summary>Names, types and shapes of what stands for a weight [outputs, inputs].</summary>
    public abstract IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Parts(string weight, int outputs, int inputs);

    /// <summary>Weights of an output, side by side, that share a step: its largest is 127 of them.</summary>
    public abstract int SharedBy(int inputs);

    /// <inheritdoc/>
    public abstract override IEnumerable<TensorProto> Store(TensorProto tensor);

    /// <inheritdoc/>
    public abstract override string Linear(GraphBuilder graph, EncoderNodes nodes, string x, LinearLayout linear);

    /// <inheritdoc/>
    public override bool Takes(EncoderLayout layout, string key) =>
        layout.Blocks.FirstOrDefault(block => block.Linears.Any(linear => linear.Weight == key)) is { } block
        && Rounds(block, key, block == layout.Blocks[^1]);

    /// <summary>A matrix for products in 8 bits; null where this form's codes are for other products.</summary>
    public virtual RoundedMatrix? Matrix(TensorProto codes, TensorProto scales, TensorProto? smoothing) => null;

    /// <summary>The weights [outputs, inputs] that codes stand for.</summary>
    public abstract float[] Values(TensorProto codes, TensorProto scales, int outputs, int inputs);

    /// <summary>Whether this form rounds a matrix of a block unless a plan says otherwise: not those that the serving graph multiplies with [CLS]
    /// alone, which cost nothing.</summary>
    public virtual bool Rounds(BlockLayout block, string weight, bool isLast) =>
        !isLast || weight == block.Key.Weight || weight == block.Value.Weight;
}
