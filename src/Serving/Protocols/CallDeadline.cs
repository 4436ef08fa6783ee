namespace LoraOnnx.Serving.Protocols;

/// <summary>From a gRPC deadline to the clock of the queue.</summary>
internal static class CallDeadline
{
    /// <summary>The time stamp at which <paramref name="deadline"/> (UTC; <see cref="DateTime.MaxValue"/> for none) is reached.</summary>
    public static long Timestamp(DateTime deadline, TimeProvider time)
    {
        if (deadline == DateTime.MaxValue)
        {
            return long.MaxValue;
        }

        var left = deadline - time.GetUtcNow().UtcDateTime;
        return left > TimeSpan.FromDays(1) ? long.MaxValue : time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency);
    }
}
