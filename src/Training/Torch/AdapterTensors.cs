using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>The tensors of one adapted module, all fp32: what the linear beside it computes with, and where the gradients of that go. Of LoRA, which
/// trains A and B themselves; other kinds derive from it.</summary>
internal class AdapterTensors(AdapterSource source)
{
    private static readonly Dictionary<ILinearAdapter, Func<AdapterSource, AdapterTensors>> _kinds = new()
    {
        [LinearAdapters.Lora] = source => new AdapterTensors(source),
        [LinearAdapters.Dora] = source => new DoraTensors(source),
    };

    /// <summary>What B·A is multiplied with.</summary>
    public double Scale => source.Scale;

    /// <summary>Down projection [rank, in].</summary>
    public virtual Tensor A => Value(AdapterPart.Down);

    /// <summary>Up projection [out, rank].</summary>
    public virtual Tensor B => Value(AdapterPart.Up);

    /// <summary>Lengths [out] that the rows of W + scale·B·A are rescaled to, or null where they stay as they are.</summary>
    public virtual Tensor? Magnitude => null;

    /// <summary>All trained tensors.</summary>
    public IEnumerable<Tensor> Trained => source.Kind.Keys.Select(source.ValueOf);

    /// <summary>False in a frozen model.</summary>
    public bool Learns => source.GradientOf is not null;

    /// <summary>Adds to the gradients what those of A and of B, times <paramref name="scale"/>, make of them.</summary>
    public virtual void AddGradients(Tensor ofA, Tensor ofB, Scalar scale)
    {
        Gradient(AdapterPart.Down).add_(ofA, Scalars.One);
        Gradient(AdapterPart.Up).add_(ofB, scale);
    }

    /// <summary>Adds to the gradient of the magnitude, where there is one.</summary>
    public virtual void AddMagnitudeGradient(Tensor gradient)
    {
    }

    /// <summary>Views into <paramref name="parameters"/>, which owns them; null when the module has no adapter.</summary>
    public static AdapterTensors? Of(TrainedParameters parameters, LinearLayout linear, AdapterPlan plan) =>
        Of(parameters.Contains, parameters.ValueOf, key => parameters.GradientOf(key.NameIn(linear.Name)), linear, plan);

    /// <summary>Tensors by name, whose gradients libtorch finds; null when the module has no adapter.</summary>
    public static AdapterTensors? OfLeaves(IReadOnlyDictionary<string, Tensor> leaves, LinearLayout linear, AdapterPlan plan) =>
        Of(leaves.ContainsKey, name => leaves[name], null, linear, plan);

    /// <summary>Frozen copies on the device, in the caller's scope.</summary>
    public static AdapterTensors Of(LoraModule module, Device device)
    {
        var copies = module.Kind.Keys.ToDictionary(key => key, key => EncoderBody.ToTensor(key.Of(module)).to(device));
        return _kinds[module.Kind](new AdapterSource(module.Kind, module.Layout, module.Scale, key => copies[key], null));
    }

    /// <summary>The trained tensor of a part.</summary>
    protected Tensor Value(AdapterPart part) => source.ValueOf(KeyOf(part));

    /// <summary>Its gradient.</summary>
    protected Tensor Gradient(AdapterPart part) => source.GradientOf!(KeyOf(part)); // asked for only where it learns

    private static AdapterTensors? Of(Func<string, bool> exists, Func<string, Tensor> valueOf, Func<AdapterKey, Tensor>? gradientOf,
        LinearLayout linear, AdapterPlan plan) => exists(plan.Kind.Keys[0].NameIn(linear.Name))
            ? _kinds[plan.Kind](new AdapterSource(plan.Kind, linear, plan.Scale, key => valueOf(key.NameIn(linear.Name)), gradientOf))
            : null;

    private AdapterKey KeyOf(AdapterPart part) => source.Kind.Keys.First(key => key.Part == part);
}

/// <summary>Where an adapter's tensors are.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Linear">What it is beside.</param>
/// <param name="Scale">What B·A is multiplied with.</param>
/// <param name="ValueOf">The tensor of a key.</param>
/// <param name="GradientOf">What its gradient is added to; null in a frozen model.</param>
internal sealed record AdapterSource(
    ILinearAdapter Kind, LinearLayout Linear, double Scale, Func<AdapterKey, Tensor> ValueOf, Func<AdapterKey, Tensor>? GradientOf);
