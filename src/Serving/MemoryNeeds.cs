using LoraOnnx.Inference;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving;

/// <summary>Whether the models can fit at all, before the time of loading them is spent.</summary>
internal static class MemoryNeeds
{
    /// <summary>Compares the sizes of the files, which is the least that they take once loaded, with what the machine or container has.</summary>
    /// <param name="models">What is to be served.</param>
    /// <param name="limitMebibytes">--memory-mib: no more than this is loaded at a time; 0: all of it.</param>
    /// <exception cref="InputException">A file is missing, or there is too little memory.</exception>
    public static void Check(IEnumerable<ModelSource> models, int limitMebibytes)
    {
        long[] sizes = [.. models.Select(model => SizeOf(ModelFiles.Find(model.Path)))];
        var together = limitMebibytes > 0 ? Math.Min(sizes.Sum(), (long)limitMebibytes << 20) : sizes.Sum();
        var least = Math.Max(together, sizes.Max());
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (least > available)
        {
            throw new InputException(
                $"too little memory: the models take at least {least >> 20} MiB, and this machine or container has {available >> 20} MiB.",
                "give it more, serve fewer models, or keep fewer of them loaded at a time with --memory-mib.");
        }
    }

    /// <summary>The ONNX file and what it keeps in files of its own name (.data, _data).</summary>
    private static long SizeOf(string file)
    {
        var full = Path.GetFullPath(file);
        return new DirectoryInfo(Path.GetDirectoryName(full)!) // a file always has a directory
            .EnumerateFiles(Path.GetFileName(full) + "*")
            .Where(part => part.Name.Equals(Path.GetFileName(full), StringComparison.Ordinal) || part.Name.EndsWith("data", StringComparison.Ordinal))
            .Sum(part => (part.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? part).Length);
    }
}
