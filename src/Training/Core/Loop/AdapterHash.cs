using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LoraOnnx.Model.Adapters;

namespace LoraOnnx.Training.Loop;

/// <summary>The identity of low-rank updates, a head left aside.</summary>
internal static class AdapterHash
{
    /// <summary>SHA-256 over modules, scales and tensors.</summary>
    public static string Of(LoraAdapter adapter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var module in adapter.Modules)
        {
            hash.AppendData(
                System.Text.Encoding.UTF8.GetBytes($"{module.Module}:{module.Scale.ToString("R", CultureInfo.InvariantCulture)}:{module.Rank}:"));
            foreach (var tensor in module.Tensors)
            {
                hash.AppendData(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
