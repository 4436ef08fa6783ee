using System.Diagnostics.CodeAnalysis;
using LoraOnnx.Model;

namespace LoraOnnx.Graph;

/// <summary>How a file keeps the weights of its layers.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "int8 is what everybody calls it, command line and file names included.")]
public enum Precision
{
    /// <summary>As trained; every number is proven.</summary>
    Fp32,

    /// <summary>Everything in half precision: for GPUs. A CPU widens it again.</summary>
    Fp16,

    /// <summary>8-bit weights in blocks of 64; activations are rounded block by block, so a text's logits do not depend on its batch.</summary>
    Int8,

    /// <summary>8-bit weights with a scale for each output, activations with one for each token, found while it runs: faster than <see cref="Int8"/> and less exact.</summary>
    Int8Dynamic,
}

/// <summary>Names of precisions on command lines, in file names and in metadata.</summary>
public static class PrecisionName
{
    /// <summary>All names, the exact one first.</summary>
    public static readonly IReadOnlyList<string> All = ["fp32", "fp16", "int8", "int8-dynamic"];

    /// <summary>The name of a precision.</summary>
    public static string Of(Precision precision) => All[(int)precision];

    /// <summary>Whether weights in <paramref name="wanted"/> can be made of weights in <paramref name="from"/>: 8-bit codes are the end of the road.</summary>
    public static bool CanMake(Precision wanted, Precision from) => wanted == from || from is Precision.Fp32 or Precision.Fp16;

    /// <summary>The precision of a name.</summary>
    /// <exception cref="InputException">There is no such precision.</exception>
    public static Precision Parse(string name)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i] == name)
            {
                return (Precision)i;
            }
        }

        throw new InputException($"precision is '{name}', expected {string.Join(", ", All)}.");
    }
}
