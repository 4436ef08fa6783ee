using LoraOnnx.Graph.Onnx;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Forms;

/// <summary>One precision: what stands for the weights, how it is made of fp32, how it is multiplied.</summary>
internal abstract class WeightForm
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<WeightForm> All { get; } = [new Fp32Form(), new Fp16Form(), new Bf16Form(), .. RoundedForm.All];

    /// <summary>The form of a precision.</summary>
    public static WeightForm Of(Precision precision) => All.First(form => form.Precision == precision);

    /// <summary>What command lines and files call it.</summary>
    public abstract Precision Precision { get; }

    /// <summary>Whether a file can be in it.</summary>
    public virtual bool IsOfFiles => true;

    /// <summary>Whether the other forms can be made of it.</summary>
    public virtual bool IsSource => true;

    /// <summary>In which the graphs of a CPU take its weights.</summary>
    public virtual Precision OnCpu => Precision;

    /// <summary>Whether a channel of the input may be made smaller and its weights larger (<see cref="RoundingPlan.Smoothing"/>).</summary>
    public virtual bool TakesSmoothing => false;

    /// <summary>Whether something else stands for a tensor of the checkpoint than its fp32 numbers, unless a plan says otherwise.</summary>
    public abstract bool Takes(EncoderLayout layout, string key);

    /// <summary>What stands for a tensor in fp32.</summary>
    public virtual IEnumerable<TensorProto> Store(TensorProto tensor) => [tensor];

    /// <summary>The fp32 numbers of a tensor, where <see cref="IsSource"/>.</summary>
    public virtual TensorProto Widen(TensorProto tensor) => tensor;

    /// <summary>x·Wᵀ + b with a weight that this form takes.</summary>
    public virtual string Linear(GraphBuilder graph, EncoderNodes nodes, string x, LinearLayout linear) => nodes.ExactLinear(x, linear);
}
