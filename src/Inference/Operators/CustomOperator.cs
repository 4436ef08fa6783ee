using System.Runtime.InteropServices;

namespace LoraOnnx.Inference.Operators;

/// <summary>OrtCustomOp of version 18, as the C API reads it, and behind it what is ours: which operator it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CustomOperator
{
    /// <summary>The version whose functions are filled in; the runtime asks for no later ones.</summary>
    public const uint Filled = 18;

    public uint Version;
    public nint CreateKernel; // null: V2 below
    public delegate* unmanaged<CustomOperator*, nint> GetName;
    public delegate* unmanaged<CustomOperator*, nint> GetExecutionProviderType;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputType;
    public delegate* unmanaged<CustomOperator*, nuint> GetInputTypeCount;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetOutputType;
    public delegate* unmanaged<CustomOperator*, nuint> GetOutputTypeCount;
    public nint KernelCompute; // null: V2 below
    public delegate* unmanaged<nint, void> KernelDestroy;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputCharacteristic;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetOutputCharacteristic;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputMemoryType;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicInputMinArity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicInputHomogeneity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicOutputMinArity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicOutputHomogeneity;
    public delegate* unmanaged<CustomOperator*, nint, nint, nint*, nint> CreateKernelV2;
    public delegate* unmanaged<nint, nint, nint> KernelComputeV2;
    public nint InferOutputShape; // null: shapes are known when it runs
    public nint GetStartVersion; // null: of every version of its domain
    public nint GetEndVersion;
    public nint GetMayInplace; // null: not where it pleases the runtime
    public nint ReleaseMayInplace;
    public delegate* unmanaged<int**, int**, nuint> GetAliasMap;
    public delegate* unmanaged<int*, int*, void> ReleaseAliasMap;

    /// <summary>The operator's name in the graph, UTF-8.</summary>
    public nint Name;

    /// <summary>A handle of the <see cref="IOperator"/>.</summary>
    public nint Operator;
}
