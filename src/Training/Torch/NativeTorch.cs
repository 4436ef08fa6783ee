using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;

namespace LoraOnnx.Training.Torch;

/// <summary>Makes TorchSharp's native library loadable on systems whose libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04).</summary>
/// <remarks>
/// libLibTorchSharp.so asks for symbol version GLIBCXX_3.4.32 but uses nothing of it. Where the loader refuses that, a copy in which the version is
/// marked as weak is loaded first; the runtime then finds the library by name. The copy lives in the user's cache, so that the installation may be
/// read-only and its files (hard links into the package cache) stay as they are.
/// </remarks>
internal static class NativeTorch
{
    /// <summary>The environment variable that names the folder of another libtorch, such as that of an installed PyTorch.</summary>
    public const string FolderVariable = "LORA_ONNX_LIBTORCH";

    private const string LibraryName = "libLibTorchSharp.so";
    private const string TroublesomeVersion = "GLIBCXX_3.4.32";

    private static readonly Lock _lock = new();
    private static bool _prepared;

    /// <summary>Loads libtorch. Call before any use of TorchSharp; further calls do nothing. <paramref name="log"/> gets one line when a patched copy
    /// had to be made.</summary>
    public static void Prepare(Action<string>? log)
    {
        lock (_lock)
        {
            if (!_prepared)
            {
                LoadLibrary(log);
                torch.InitializeDeviceType(DeviceType.CPU);
                _prepared = true;
            }
        }
    }

    /// <summary>libtorch's core library, loaded by <see cref="Prepare"/>; null where it is not found.</summary>
    internal static nint? Core() => Find("libc10.so");

    /// <summary>The OpenMP library that came with libtorch; null where it is not found.</summary>
    internal static nint? OpenMp() => Find("libgomp*.so*");

    /// <summary>Where patched copies are kept.</summary>
    private static string CacheDirectory => UserCache.Folder("native");

    /// <summary>Puts <paramref name="content"/> in the directory under its hash, unless it is there already. Any number of processes may do this at
    /// once.</summary>
    internal static (string Path, bool Written) Place(byte[] content, string directory)
    {
        // A name of its own for each content: an update of TorchSharp never meets an old copy, and a copy that was tampered with is replaced.
        var folder = Path.Combine(directory, Convert.ToHexStringLower(SHA256.HashData(content))[..16]);
        var path = Path.Combine(folder, LibraryName);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
        {
            return (path, false);
        }

        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $"{LibraryName}.{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return (path, true);
    }

    private static void LoadLibrary(Action<string>? log)
    {
        if (OperatingSystem.IsWindows() && FindNative("torch_cpu.dll") is null)
        {
            throw new DllNotFoundException("there is no torch_cpu.dll."); // TorchSharp's own search does not come back under wine
        }

        if (OwnFolder is { } folder && !File.Exists(Path.Combine(folder, "libtorch.so")))
        {
            throw new InputException($"{FolderVariable} is '{folder}', where there is no libtorch.so.",
                "name the folder lib of an installed torch, or leave the variable out.");
        }

        if (!OperatingSystem.IsLinux() || FindNative(LibraryName) is not { } original || FindNative("libtorch.so") is not { } torchLibrary)
        {
            return; // TorchSharp's own loader finds it, or says what is missing.
        }

        NativeLibrary.Load(torchLibrary);
        if (FindNative("libtorch_cuda.so") is { } cuda)
        {
            NativeLibrary.Load(cuda); // TorchSharp asks for it by name alone, and the loader knows it then
        }

        try
        {
            NativeLibrary.Load(original);
        }
        catch (DllNotFoundException failure) when (failure.Message.Contains(TroublesomeVersion, StringComparison.Ordinal))
        {
            LoadPatchedCopy(original, log);
        }
    }

    private static void LoadPatchedCopy(string original, Action<string>? log)
    {
        var patched = ElfVersions.MakeWeak(File.ReadAllBytes(original), TroublesomeVersion);
        string path;
        try
        {
            (path, var written) = Place(patched, CacheDirectory);
            if (written)
            {
                log?.Invoke($"libstdc++ lacks {TroublesomeVersion}, which TorchSharp asks for and does not use: loading a patched copy, {path}");
            }

            NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // No writable cache: a private copy, gone again once it is mapped.
            var directory = Directory.CreateTempSubdirectory("lora-onnx-");
            (path, _) = Place(patched, directory.FullName);
            log?.Invoke($"libstdc++ lacks {TroublesomeVersion}, which TorchSharp asks for and does not use: loading a patched copy for this run "
                + $"({CacheDirectory} is not writable)");
            NativeLibrary.Load(path);
            directory.Delete(recursive: true);
        }
    }

    private static nint? Find(string pattern) => FindNative(pattern) is { } path && NativeLibrary.TryLoad(path, out var library) ? library : null;

    private static string? OwnFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : null;

    private static string? FindNative(string pattern)
    {
        var hostDirectories = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var own = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        return hostDirectories.Prepend(OwnFolder ?? "").Append(AppContext.BaseDirectory).Append(own).Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory, pattern)).FirstOrDefault();
    }
}
