namespace LoraOnnx.Training.Engine;

/// <summary>Makes TorchSharp's native library loadable on systems whose libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04).</summary>
internal static class NativeTorch
{
    /// <summary>Loads libtorch. Call before any use of TorchSharp; further calls do nothing. <paramref name="log"/> gets one line when a patched copy had to be made.</summary>
    public static void Prepare(Action<string>? log) => throw new NotImplementedException();
}
