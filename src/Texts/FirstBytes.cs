namespace LoraOnnx.Texts;

/// <summary>What a file's first bytes say against its name.</summary>
internal static class FirstBytes
{
    /// <exception cref="InputException">A file of text is packed and not called so, the other way round, or of another kind.</exception>
    public static void Check(string path, FileStream file, bool packed)
    {
        Span<byte> start = stackalloc byte[4];
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        file.Position = 0;
        var isPacked = start is [0x1F, 0x8B, ..];
        if (packed && length > 0 && !isPacked)
        {
            throw InputException.InFile(path, "its name ends in .gz, but it is not packed with gzip.", "rename it, without .gz.");
        }

        if (!packed && isPacked)
        {
            throw InputException.InFile(path, "is packed with gzip, which its name does not say.", $"rename it: {Path.GetFileName(path)}.gz.");
        }

        if (start.SequenceEqual("PAR1"u8))
        {
            throw InputException.InFile(path, "is a Parquet file, which its name does not say.", "rename it: its name ends in .parquet.");
        }

        if (start.SequenceEqual("PK\u0003\u0004"u8))
        {
            throw InputException.InFile(path, "is a workbook of a spreadsheet or another zip file, which is not read.", "save it as CSV.");
        }
    }
}
