using System.Runtime.InteropServices;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class TensorMemoryTests
{
    public TensorMemoryTests()
    {
        NativeTorch.Prepare(null);
        TensorMemory.Install();
        Assert.SkipUnless(OperatingSystem.IsLinux()
            && RuntimeInformation.ProcessArchitecture == Architecture.X64, "elsewhere libtorch's own allocator serves");
    }

    [Fact]
    public void Large_tensors_lie_in_the_range_and_small_ones_do_not()
    {
        using var large = ones(1 << 20);
        using var small = ones(16);

        Assert.NotNull(TensorMemory.Range);
        Assert.True(TensorMemory.Range.Contains(AddressOf(large)));
        Assert.False(TensorMemory.Range.Contains(AddressOf(small)));
    }

    [Fact]
    public void Tensors_made_and_freed_on_many_threads_keep_their_values()
    {
        Parallel.For(0, 8, worker =>
        {
            using var kept = full([50_000], (float)worker);
            for (var round = 0; round < 200; round++)
            {
                using var other = full([20_000 + (1_000 * (round % 30))], -1f);
                using var sum = other.sum();
                Assert.Equal(-(20_000 + (1_000 * (round % 30))), sum.item<float>());
            }

            using var total = kept.sum();
            Assert.Equal(50_000f * worker, total.item<float>());
        });
    }

    private static nint AddressOf(Tensor tensor)
    {
        ref var first = ref MemoryMarshal.GetReference(tensor.bytes);
        unsafe
        {
            return (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref first);
        }
    }
}
