using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Onnx;

/// <summary>A part of a step as a graph takes it in.</summary>
internal interface IPartInputs : IDisposable
{
    /// <summary>Inputs but for trained tensors and masks.</summary>
    IReadOnlyList<NamedValue> Values { get; }

    /// <summary>Rows with a token each; 0 where features are read.</summary>
    int Rows { get; }

    /// <summary>Texts.</summary>
    int Texts { get; }

    /// <summary>Tokens that attention is padded to.</summary>
    int Width { get; }

    /// <summary>The texts as masks of attention weights are drawn for them.</summary>
    IReadOnlyList<TextGroup> Groups { get; }
}
