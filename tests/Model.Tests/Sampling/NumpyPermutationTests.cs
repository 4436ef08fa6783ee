using System.Globalization;
using System.Numerics;
using System.Text.Json;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Tests.Sampling;

public sealed class NumpyPermutationTests
{
    [Fact]
    public void The_order_is_that_of_numpy()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Golden.Path("numpy-permutation.json")));

        foreach (var item in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            var order = NumpyPermutation.Of(item.GetProperty("seed").GetInt32(), item.GetProperty("n").GetInt32());
            foreach (var part in item.EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Array))
            {
                var expected = part.Value.EnumerateArray().Select(index => index.GetInt32()).ToArray();
                var start = part.Name == "first"
                    ? 0
                    : part.Name == "last" ? order.Length - expected.Length : int.Parse(part.Name["from_".Length..], CultureInfo.InvariantCulture);
                Assert.Equal(expected, order[start..(start + expected.Length)]);
            }
        }
    }

    /// <summary>The first 8 of <c>numpy.random.default_rng(seed).permutation(100)</c>, from numpy 1.24.2; seeds of one to seven 32-bit
    /// words.</summary>
    [Theory]
    [InlineData("0", 82, 36, 20, 5, 93, 16, 94, 52)]
    [InlineData("2147483648", 20, 90, 4, 44, 12, 94, 57, 36)]
    [InlineData("4294967295", 48, 88, 68, 94, 62, 86, 33, 12)]
    [InlineData("4294967296", 65, 45, 69, 50, 18, 86, 80, 9)]
    [InlineData("9223372036854775807", 54, 60, 64, 23, 14, 89, 32, 15)]
    [InlineData("18446744073709551615", 87, 9, 13, 42, 82, 40, 10, 36)]
    [InlineData("18446744073709551616", 74, 67, 17, 45, 35, 40, 15, 33)]
    [InlineData("79228162514264337593543950343", 20, 74, 7, 43, 30, 89, 93, 6)]
    [InlineData("340282366920938463463374607431768211455", 24, 46, 47, 34, 28, 41, 23, 48)]
    [InlineData("340282366920938463463374607431768211456", 24, 25, 66, 59, 34, 26, 65, 80)]
    [InlineData("1000000000000000000000000000000000000000000000000000000000000", 27, 35, 81, 64, 0, 3, 88, 79)]
    public void The_order_is_that_of_numpy_for_seeds_of_any_size(string seed, params int[] first) =>
        Assert.Equal(first, NumpyPermutation.Of(BigInteger.Parse(seed, CultureInfo.InvariantCulture), 100)[..8]);

    [Fact]
    public void A_negative_seed_is_an_error() => Assert.Throws<ArgumentOutOfRangeException>(() => NumpyPermutation.Of(-1, 10));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Of_none_or_one_there_is_one_order(int count) => Assert.Equal(Enumerable.Range(0, count), NumpyPermutation.Of(42, count));
}
