using System.Diagnostics;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class AddressRangeTests
{
    private const int Start = 4096;
    private const int Length = 1 << 20;

    [Fact]
    public void Blocks_lie_in_the_range_and_do_not_overlap_whatever_the_order_of_taking_and_returning()
    {
        var range = new AddressRange(Start, Length);
        var random = new Random(1);
        var owners = new int[Length]; // 0: free
        var blocks = new List<(nint Address, int Bytes)>();
        for (var round = 1; round <= 3000; round++)
        {
            if (random.Next(100) < 55)
            {
                var bytes = random.Next(1, 30_000);
                var address = range.Take(bytes);
                if (address == 0)
                {
                    continue;
                }

                var owned = owners.AsSpan((int)address - Start, bytes);
                Assert.True(owned.IndexOfAnyExcept(0) < 0, $"round {round}: {bytes} bytes at {address} overlap a block in use.");
                Assert.Equal(0, address % 64);
                owned.Fill(round);
                blocks.Add((address, bytes));
            }
            else if (blocks.Count > 0)
            {
                var (address, bytes) = blocks[random.Next(blocks.Count)];
                blocks.Remove((address, bytes));
                owners.AsSpan((int)address - Start, bytes).Clear();
                range.Return(address);
            }
        }

        foreach (var (address, _) in blocks)
        {
            range.Return(address);
        }

        Assert.Equal(Start, range.Take(Length)); // one piece again
    }

    [Fact]
    public void The_lowest_gap_that_is_long_enough_is_taken()
    {
        var range = new AddressRange(Start, Length);
        var first = range.Take(1000);
        var second = range.Take(1000);
        range.Take(1000);
        range.Return(first);

        Assert.True(range.Take(5000) > second);
        Assert.Equal(first, range.Take(900));
    }

    [Theory]
    [InlineData(0)] // twice
    [InlineData(64)] // in the middle
    [InlineData(2000)] // nothing was taken there
    public void A_block_that_is_not_in_use_cannot_be_given_back(int offset)
    {
        var range = new AddressRange(Start, Length);
        var (given, kept) = (range.Take(1000), range.Take(64));
        range.Return(given);

        Assert.Contains("twice", Assert.Throws<UnreachableException>(() => range.Return(given + offset)).Message, StringComparison.Ordinal);
        range.Return(kept);
        Assert.Equal(Start, range.Take(Length)); // nothing was broken by it
    }

    [Fact]
    public void A_block_longer_than_every_gap_is_refused()
    {
        var range = new AddressRange(Start, Length);
        range.Take(64);

        Assert.Equal(0, range.Take(Length - 63));
        Assert.NotEqual(0, range.Take(Length - 64));
    }
}
