namespace LoraOnnx.Model.Encoders;

/// <summary>A function applied to each number.</summary>
public enum Activation
{
    /// <summary>x·Φ(x), the exact erf form.</summary>
    Gelu,

    /// <summary>The form with tanh: ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), <c>gelu_new</c>.</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>tanh(x), of poolers and heads.</summary>
    Tanh,
}
