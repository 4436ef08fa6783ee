namespace LoraOnnx.Training.Learning;

/// <summary>Names of an adapter's tensors among the trained ones.</summary>
internal static class AdapterNames
{
    /// <summary>Down projection [rank, in].</summary>
    public static string A(string module) => $"{module}.lora_A.weight";

    /// <summary>Up projection [out, rank].</summary>
    public static string B(string module) => $"{module}.lora_B.weight";

    /// <summary>DoRA's magnitude [out].</summary>
    public static string Magnitude(string module) => $"{module}.lora_magnitude_vector";
}
