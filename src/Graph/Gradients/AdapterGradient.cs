using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>An adapter beside a frozen linear, forward and backward; its tensors are inputs of the graph. Of LoRA, which trains A and B themselves;
/// other kinds derive from it.</summary>
internal class AdapterGradient(AdapterPlace place)
{
    private static readonly Dictionary<ILinearAdapter, Func<AdapterPlace, AdapterGradient>> _kinds = new()
    {
        [LinearAdapters.Lora] = place => new AdapterGradient(place),
        [LinearAdapters.Dora] = place => new DoraGradient(place),
    };

    private string _input = "";
    private string _low = "";
    private string _dlow = "";

    /// <summary>Where it is.</summary>
    protected AdapterPlace Place => place;

    /// <summary>A [rank, in].</summary>
    protected virtual string A => Tensor(AdapterPart.Down);

    /// <summary>B [out, rank].</summary>
    protected virtual string B => Tensor(AdapterPart.Up);

    /// <summary>What is computed for the adapter of a place.</summary>
    public static AdapterGradient Of(AdapterPlace place) => _kinds[place.Adapter.Kind](place);

    /// <summary>y [n, out] of x [n, in], of which the adapter reads <paramref name="input"/>.</summary>
    public virtual string Forward(string x, string input) => Sum(input, place.Nodes.Linear(x, place.Linear));

    /// <summary>Notes the gradients of what is trained.</summary>
    /// <returns>The derivative by what the frozen linear gave.</returns>
    public virtual string Backward(string dy)
    {
        _dlow = LoraRule.Low(place.Scope, dy, B, place.Adapter.Scale);
        Found(LoraRule.Down(place.Scope, _dlow, _input), LoraRule.Up(place.Scope, dy, _low, place.Adapter.Scale));
        return dy;
    }

    /// <summary>The derivative by what the adapter read, once the gradients are found; with <paramref name="addTo"/>, their sum.</summary>
    public string Input(string? addTo = null) => LoraRule.Input(place.Scope, _dlow, A, addTo);

    /// <summary>What the frozen linear gave, and the update.</summary>
    protected string Sum(string input, string given)
    {
        _input = input;
        (_low, var sum) = LoraRule.Output(place.Scope, input, A, B, place.Adapter.Scale, given);
        return sum;
    }

    /// <summary>Notes what the gradients of A and B make of those of what is trained.</summary>
    protected virtual void Found(string ofA, string ofB)
    {
        place.Trained.Found(Tensor(AdapterPart.Down), ofA);
        place.Trained.Found(Tensor(AdapterPart.Up), ofB);
    }

    /// <summary>The input that holds the trained tensor of a part.</summary>
    protected string Tensor(AdapterPart part) => place.Adapter.Part(part)!.Name; // asked for by kinds that have it
}

/// <summary>Where an adapter is: its linear, and what the graph has of it.</summary>
internal sealed record AdapterPlace(GradientScope Scope, EncoderNodes Nodes, LinearLayout Linear, LoraModule Adapter, TrainedTensors Trained);
