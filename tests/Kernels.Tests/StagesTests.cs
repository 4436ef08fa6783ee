namespace LoraOnnx.Kernels.Tests;

public sealed class StagesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_item_is_done_once_and_after_all_of_the_stage_before(int threads)
    {
        var stages = new Stages();
        int[] counts = [3, 0, 1, 50, 7];
        var done = new int[counts.Length];
        var early = 0;
        for (var stage = 0; stage < counts.Length; stage++)
        {
            var mine = stage;
            stages.Add(() => counts[mine], _ =>
            {
                Interlocked.Add(ref early, Enumerable.Range(0, mine).Count(before => Volatile.Read(ref done[before]) < counts[before]));
                Interlocked.Increment(ref done[mine]);
            });
        }

        for (var round = 0; round < 50; round++)
        {
            Array.Clear(done);
            stages.Run(new PoolWorkers(threads));
            Assert.Equal(counts, done);
        }

        Assert.Equal(0, early);
    }

    /// <summary>The runtime may have no thread to lend.</summary>
    [Fact]
    public void One_thread_does_the_work_of_two()
    {
        var stages = new Stages();
        var items = new List<int>();
        stages.Add(() => 2, items.Add);
        stages.Add(() => 2, items.Add);

        stages.Run(new Lonely());

        Assert.Equal([0, 1, 0, 1], items);
    }

    [Fact]
    public void What_goes_wrong_in_an_item_is_thrown_when_no_thread_is_at_work_any_more()
    {
        var stages = new Stages();
        var done = 0;
        stages.Add(() => 9, item =>
        {
            if (item == 3)
            {
                throw new InvalidOperationException("item 3");
            }

            Interlocked.Increment(ref done);
        });

        Assert.Equal("item 3", Assert.Throws<InvalidOperationException>(() => stages.Run(new PoolWorkers(2))).Message);
        Assert.Equal(8, done);
    }

    private sealed class Lonely : IWorkers
    {
        public int Threads => 2;

        public void Run(int count, Action<int> item)
        {
            for (var each = 0; each < count; each++)
            {
                item(each);
            }
        }
    }
}
