using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Training.Torch;

/// <summary>The linear steps after an encoder's blocks.</summary>
internal sealed class TailSteps
{
    /// <summary>Those of a layout.</summary>
    public TailSteps(EncoderLayout layout)
    {
        Pooling = layout.Pooler is { } pooler ? [new HeadLinear(pooler, Activation.Tanh, DropsInput: false)] : [];
        All = [.. Pooling, .. layout.Head.Linears];
        Keys = [.. All.SelectMany(step => step.Linear.Tensors).Select(spec => spec.Key)];
    }

    /// <summary>What of the encoder comes after its blocks: a pooler that is not new.</summary>
    public IReadOnlyList<HeadLinear> Pooling { get; }

    /// <summary>The pooler, and the head after it.</summary>
    public IReadOnlyList<HeadLinear> All { get; }

    /// <summary>Names of all their tensors.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>True for a module of these steps, or a tensor of one.</summary>
    public bool Holds(string name) => All.Any(step => name == step.Linear.Name || name.StartsWith(step.Linear.Name + ".", StringComparison.Ordinal));
}
