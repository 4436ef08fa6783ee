namespace LoraOnnx.Texts.Parquet;

/// <summary>What may still be unpacked of a file: a small one can say that it is endless.</summary>
internal sealed class UnpackingBudget(TextLimits limits)
{
    private long _left = limits.TotalBytes;

    public TextLimits Limits => limits;

    /// <exception cref="FormatException">More than the file may hold.</exception>
    public void Spend(long bytes)
    {
        _left -= bytes;
        if (_left < 0)
        {
            throw new FormatException($"its texts are larger than {limits.TotalBytes} bytes.");
        }
    }
}
