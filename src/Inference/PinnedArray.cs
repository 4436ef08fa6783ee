using System.Numerics;

namespace LoraOnnx.Inference;

/// <summary>Arrays that are lent to the runtime as they lie and used again for the next batch.</summary>
internal static class PinnedArray
{
    /// <summary>Takes a longer one where <paramref name="numbers"/> has fewer than so many; what was in it is lost.</summary>
    public static void Grow<T>(ref T[] numbers, int count)
        where T : unmanaged
    {
        if (numbers.Length < count)
        {
            numbers = GC.AllocateUninitializedArray<T>((int)BitOperations.RoundUpToPowerOf2((uint)count), pinned: true);
        }
    }
}
