using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests;

/// <summary>The names of enums on command lines and in files.</summary>
public sealed class EnumNamesTests
{
    [Fact]
    public void Names_come_in_the_order_of_the_values_and_lead_back_to_them()
    {
        Assert.Equal(["head", "tail", "head+tail"], EnumNames.All<Truncation>());

        Assert.Equal(Enum.GetValues<Truncation>().Cast<Truncation?>(), EnumNames.All<Truncation>().Select(EnumNames.Parse<Truncation>));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Head")]
    public void Anything_else_is_no_name(string? name) => Assert.Null(EnumNames.Parse<Truncation>(name));
}
