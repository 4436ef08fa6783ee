using LoraOnnx.Kernels;

namespace LoraOnnx.Inference.Operators;

/// <summary>One call of an operator: its tensors, which belong to the runtime, and the session's threads.</summary>
internal sealed unsafe class OperatorCall(nint context, int threads)
{
    /// <summary>The session's threads, for this call.</summary>
    public IWorkers Workers { get; } = new RuntimeWorkers(context, threads);

    /// <summary>The numbers of an input and the lengths of its axes.</summary>
    public (nint Numbers, long[] Shape) Input(int index)
    {
        var value = RuntimeApi.Input(context, index);
        return ((nint)RuntimeApi.Numbers(value), RuntimeApi.Shape(value));
    }

    /// <summary>Where the output's numbers go.</summary>
    public float* Output(params ReadOnlySpan<long> shape) => (float*)RuntimeApi.Numbers(RuntimeApi.Output(context, 0, shape));
}
