using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Texts.Tests;

public sealed class VarintTests
{
    [Theory]
    [InlineData(new byte[] { 0 }, 0, 1)]
    [InlineData(new byte[] { 127, 9 }, 127, 1)]
    [InlineData(new byte[] { 0xAC, 0x02, 9 }, 300, 2)]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, ulong.MaxValue, 10)]
    public void A_number_has_as_many_bytes_as_it_needs(byte[] bytes, ulong expected, int length)
    {
        Assert.Equal(length, Varint.Read(bytes, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x80, 0xFF })]
    public void A_number_that_does_not_end_has_no_length(byte[] bytes) => Assert.Equal(0, Varint.Read(bytes, out _));

    [Fact]
    public void More_than_64_bits_are_no_number() =>
        Assert.Throws<FormatException>(() => Varint.Read([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], out _));

    [Theory]
    [InlineData(0, 0), InlineData(1, -1), InlineData(2, 1), InlineData(3, -2), InlineData(ulong.MaxValue, long.MinValue)]
    public void The_lowest_bit_is_the_sign(ulong written, long expected) => Assert.Equal(expected, Varint.Signed(written));
}
