namespace LoraOnnx.Inference;

/// <summary>How many threads a run may use.</summary>
internal static class ThreadPlan
{
    /// <summary>The number asked for, or for 0 the cores of the process; .NET counts affinity and the container's CPU limit, ONNX Runtime alone does
    /// not.</summary>
    public static int Threads(int asked)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(asked);
        return asked > 0 ? asked : Environment.ProcessorCount;
    }
}
