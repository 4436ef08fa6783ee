using System.IO.Compression;
using LoraOnnx.Texts;

namespace LoraOnnx.Scoring.Input;

/// <summary>The file to read: the one that was named, or what standard input held, kept beside the output until all is done.</summary>
internal sealed class InputFile : IDisposable
{
    private const string Workbook = "save as CSV: in the spreadsheet, File, Save As, CSV UTF-8.";

    private const string Kinds = "the name of a file says what it is: .csv, .tsv, .jsonl, .json (each also .gz) or .parquet; - is standard input.";

    private const string HubPrefix = "hf:";

    private const string StandardInput = "standard input";

    private InputFile(string path, string name, bool isCopy) => (Path, Name, IsCopy) = (path, name, isCopy);

    public string Path { get; }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    private bool IsCopy { get; }

    /// <summary>True for a Parquet file.</summary>
    public bool IsStored => Path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>Says early what reading would say late.</summary>
    /// <exception cref="InputException">It is not there, or of a kind that is not read.</exception>
    public static void Check(string path)
    {
        if (path == "-")
        {
            return;
        }

        if (path.EndsWith(".xlsx", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".xls", StringComparison.OrdinalIgnoreCase))
        {
            throw InputException.InFile(path, "is a workbook of a spreadsheet, which is not read.", Workbook);
        }

        if (path.StartsWith(HubPrefix, StringComparison.Ordinal))
        {
            throw InputException.InFile(path, "is a split of the hub, expected a file.", "fetch it first, and give the file's name.");
        }

        TextRows.CheckThere(path);
        if (Directory.Exists(path))
        {
            throw InputException.InFile(path, "is a directory, expected a file of texts.",
                $"{Kinds} {NearbyNames.Of(System.IO.Path.Combine(path, "?"))}");
        }

        if (!TextRows.IsKnown(path))
        {
            throw InputException.InFile(path, $"the extension '{System.IO.Path.GetExtension(path)}' is not known.", Kinds);
        }
    }

    /// <exception cref="InputException">Standard input cannot be kept.</exception>
    public static InputFile Open(ScoreOptions options, Func<Stream> standardInput) =>
        options.In == "-" ? Keep(options.Target, standardInput) : new InputFile(options.In, options.In, isCopy: false);

    public void Dispose()
    {
        if (IsCopy)
        {
            File.Delete(Path);
        }
    }

    private static InputFile Keep(string target, Func<Stream> standardInput)
    {
        try
        {
            return Copy(target, standardInput);
        }
        catch (InvalidDataException failure)
        {
            throw InputException.InFile(StandardInput, $"the compressed data is damaged: {failure.Message}", inner: failure);
        }
    }

    private static InputFile Copy(string target, Func<Stream> standardInput)
    {
        using var input = new BufferedStream(standardInput());
        var start = new byte[1 << 10];
        var length = input.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        using Stream rest = new PrefixedStream(start.AsMemory(0, length), input);
        var isPacked = start is [0x1F, 0x8B, ..];
        using var stream = isPacked ? new GZipStream(rest, CompressionMode.Decompress) : rest;
        if (isPacked)
        {
            length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }

        var path = $"{target}.stdin{KindOf(start.AsSpan(0, length))}";
        AtomicFile.Write(path, file =>
        {
            if (isPacked)
            {
                file.Write(start, 0, length);
            }

            stream.CopyTo(file);
        });
        return new InputFile(path, StandardInput, isCopy: true);
    }

    private static string KindOf(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PK\u0003\u0004"u8))
        {
            throw InputException.InFile(StandardInput, "is a workbook of a spreadsheet or another zip file, which is not read.", Workbook);
        }

        var text = start.StartsWith("\uFEFF"u8) ? start[3..] : start;
        return start.StartsWith("PAR1"u8) ? ".parquet" : text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? ".json" : ".csv";
    }
}
