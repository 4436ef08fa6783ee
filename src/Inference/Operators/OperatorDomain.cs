using System.Runtime.InteropServices;
using LoraOnnx.Graph;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// Operators made known to the sessions of some settings, through tables of function pointers. Only a graph of ours names them, and only its own
/// session knows them.
/// Dispose it after those sessions.
/// </summary>
internal sealed unsafe class OperatorDomain : IDisposable
{
    private static readonly int* _firstPlace = (int*)NativeMemory.AllocZeroed(sizeof(int)); // as long as the process

    private static readonly Lock _opening = new();
    private static volatile bool _isKnown;

    private readonly List<nint> _operators = [];
    private readonly List<GCHandle> _handles = [];
    private readonly nint _name = Marshal.StringToCoTaskMemUTF8(PackedInputs.KernelDomain);
    private readonly nint _domain;

    /// <summary>Makes <paramref name="operators"/> known; each call may use <paramref name="threads"/> threads of its session.</summary>
    public OperatorDomain(SessionOptions settings, IEnumerable<IOperator> operators, int threads)
    {
        _domain = RuntimeApi.CreateDomain((byte*)_name);
        foreach (var each in operators)
        {
            RuntimeApi.AddOperator(_domain, Describe(each, threads));
        }

        RuntimeApi.AddDomain(settings, _domain);
    }

    /// <summary>
    /// Opens a session that knows operators. The runtime keeps the names of domains for the whole process, and of two sessions that bring a new one
    /// at
    /// the same time one fails: the first opens alone.
    /// </summary>
    public static InferenceSession OpenSession(byte[] graph, SessionOptions settings)
    {
        if (_isKnown)
        {
            return new InferenceSession(graph, settings);
        }

        lock (_opening)
        {
            var session = new InferenceSession(graph, settings);
            _isKnown = true;
            return session;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        RuntimeApi.ReleaseDomain(_domain);
        foreach (var each in _operators)
        {
            Marshal.FreeCoTaskMem(((CustomOperator*)each)->Name);
            NativeMemory.Free((void*)each);
        }

        foreach (var handle in _handles)
        {
            handle.Free();
        }

        Marshal.FreeCoTaskMem(_name);
    }

    private CustomOperator* Describe(IOperator each, int threads)
    {
        var handle = GCHandle.Alloc(new Callee(each, threads));
        _handles.Add(handle);
        var custom = (CustomOperator*)NativeMemory.AllocZeroed((nuint)sizeof(CustomOperator));
        _operators.Add((nint)custom);
        *custom = new CustomOperator
        {
            Version = CustomOperator.Filled,
            GetName = &OperatorName,
            GetExecutionProviderType = &Cpu,
            GetInputType = &InputType,
            GetInputTypeCount = &InputCount,
            GetOutputType = &OutputType,
            GetOutputTypeCount = &OutputCount,
            KernelDestroy = &Nothing,
            GetInputCharacteristic = &Zero,
            GetOutputCharacteristic = &Zero,
            GetInputMemoryType = &Zero,
            GetVariadicInputMinArity = &One,
            GetVariadicInputHomogeneity = &One,
            GetVariadicOutputMinArity = &One,
            GetVariadicOutputHomogeneity = &One,
            CreateKernelV2 = &Create,
            KernelComputeV2 = &Compute,
            GetAliasMap = each.IsInPlace ? &FirstInput : null,
            ReleaseAliasMap = each.IsInPlace ? &Nothing : null,
            Name = Marshal.StringToCoTaskMemUTF8(each.Name),
            Operator = GCHandle.ToIntPtr(handle),
        };
        return custom;
    }

    private static Callee Of(nint handle) => (Callee)GCHandle.FromIntPtr(handle).Target!; // allocated above, freed with the domain

    [UnmanagedCallersOnly]
    private static nint OperatorName(CustomOperator* custom) => custom->Name;

    [UnmanagedCallersOnly]
    private static nint Cpu(CustomOperator* custom) => 0; // null: the CPU's provider

    [UnmanagedCallersOnly]
    private static int InputType(CustomOperator* custom, nuint index) => (int)Of(custom->Operator).Operator.Inputs[(int)index];

    [UnmanagedCallersOnly]
    private static nuint InputCount(CustomOperator* custom) => (nuint)Of(custom->Operator).Operator.Inputs.Count;

    [UnmanagedCallersOnly]
    private static int OutputType(CustomOperator* custom, nuint index) => (int)OperatorInput.Float;

    [UnmanagedCallersOnly]
    private static nuint OutputCount(CustomOperator* custom) => 1;

    [UnmanagedCallersOnly]
    private static int Zero(CustomOperator* custom, nuint index) => 0; // required; in the provider's default memory

    [UnmanagedCallersOnly]
    private static int One(CustomOperator* custom) => 1;

    [UnmanagedCallersOnly]
    private static void Nothing(nint kernel)
    {
    }

    /// <summary>The output is the first input.</summary>
    [UnmanagedCallersOnly]
    private static nuint FirstInput(int** inputs, int** outputs)
    {
        *inputs = _firstPlace;
        *outputs = _firstPlace;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static void Nothing(int* inputs, int* outputs)
    {
    }

    [UnmanagedCallersOnly]
    private static nint Create(CustomOperator* custom, nint api, nint info, nint* kernel)
    {
        *kernel = custom->Operator;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static nint Compute(nint kernel, nint context)
    {
        var callee = Of(kernel);
        try
        {
            using var call = OperatorCall.Rent(context, callee.Threads);
            callee.Operator.Compute(call);
            return 0;
        }
        catch (Exception failure)
        {
            return RuntimeApi.Failure($"{callee.Operator.Name}: {failure.Message}");
        }
    }

    private sealed record Callee(IOperator Operator, int Threads);
}
