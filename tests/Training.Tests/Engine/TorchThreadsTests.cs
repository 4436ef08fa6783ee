using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class TorchThreadsTests
{
    public TorchThreadsTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Every_index_is_visited_once(int count)
    {
        var visits = new int[count];

        TorchThreads.For(count, index => Interlocked.Increment(ref visits[index]));

        Assert.All(visits, visit => Assert.Equal(1, visit));
    }

    [Fact]
    public void Two_run_at_once_one_of_them_on_a_thread_of_libtorch()
    {
        set_num_threads(2);
        using var meeting = new Barrier(2);
        var pooled = new bool[2];

        TorchThreads.For(2, index =>
        {
            Assert.True(meeting.SignalAndWait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "the other one never came.");
            pooled[index] = Thread.CurrentThread.IsThreadPoolThread;
        });

        Assert.Contains(false, pooled);
    }

    [Fact]
    public void A_failure_reaches_the_caller() =>
        Assert.Throws<InvalidOperationException>(() => TorchThreads.For(50, index =>
        {
            if (index == 30)
            {
                throw new InvalidOperationException("as told");
            }
        }));
}
