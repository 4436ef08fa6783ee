namespace LoraOnnx.Model.Safetensors;

/// <summary>Element types of the safetensors format that may stand in a file; names as in the file. Only floats are read.</summary>
public enum TensorType
{
    /// <summary>32-bit float.</summary>
    F32,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>The upper half of a 32-bit float.</summary>
    BF16,

    /// <summary>64-bit float.</summary>
    F64,

    /// <summary>64-bit signed.</summary>
    I64,

    /// <summary>32-bit signed.</summary>
    I32,

    /// <summary>16-bit signed.</summary>
    I16,

    /// <summary>8-bit signed.</summary>
    I8,

    /// <summary>8-bit unsigned.</summary>
    U8,

    /// <summary>A byte that is 0 or 1.</summary>
    BOOL,
}

/// <summary>Sizes and conversions of <see cref="TensorType"/>.</summary>
public static class TensorTypes
{
    /// <summary>Bytes per element.</summary>
    public static int Size(this TensorType type) => type switch
    {
        TensorType.F32 or TensorType.I32 => 4,
        TensorType.F16 or TensorType.BF16 or TensorType.I16 => 2,
        TensorType.F64 or TensorType.I64 => 8,
        _ => 1,
    };

    /// <summary>True for the types whose values convert to fp32 weights.</summary>
    public static bool IsFloat(this TensorType type) => type is TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.F64;
}
