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
                var start = part.Name == "first" ? 0 : part.Name == "last" ? order.Length - expected.Length : int.Parse(part.Name["from_".Length..], System.Globalization.CultureInfo.InvariantCulture);
                Assert.Equal(expected, order[start..(start + expected.Length)]);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Of_none_or_one_there_is_one_order(int count) => Assert.Equal(Enumerable.Range(0, count), NumpyPermutation.Of(42, count));
}
