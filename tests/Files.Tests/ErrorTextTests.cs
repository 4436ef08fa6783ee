namespace LoraOnnx.Files.Tests;

public sealed class ErrorTextTests
{
    [Fact]
    public void What_is_foreign_is_bounded_in_every_message_and_hint()
    {
        var name = new string('x', 2 << 20);

        var error = InputException.InFile("file", $"tensor '{name}' is [{3}, {0.5:F2}].", $"remove '{name}'.");

        Assert.Equal($"file: tensor '{new string('x', 197)}...' is [3, 0.50].", error.Message);
        Assert.Equal($"remove '{new string('x', 197)}...'.", error.Hint);
        Assert.True(new InputException(name).Message.Length <= ErrorText.MostCharacters);
        Assert.True(new InputException($"{name}{name}{name}{name}{name}{name}{name}").Message.Length <= ErrorText.MostCharacters);
        Assert.True(InputException.Several(Enumerable.Repeat(name, 1000), "none.").Message.Length <= 20 * (ErrorText.MostCharacters + 8));
    }

    [Theory]
    [InlineData("a\u001b[31mred", "a\\u001B[31mred")]
    [InlineData("bell\a and\rreturn", "bell\\u0007 and\\u000Dreturn")]
    [InlineData("two\nlines\u2028three", "two\\u000Alines\\u2028three")]
    [InlineData("\u202Egpj.exe", "\\u202Egpj.exe")]
    [InlineData("\u009b2J\u007f", "\\u009B2J\\u007F")]
    [InlineData("très bien 很好 🎬", "très bien 很好 🎬")]
    public void What_steers_a_terminal_is_escaped(string foreign, string shown)
    {
        Assert.Equal($"file:7: '{shown}'", InputException.InLine("file", 7, $"'{foreign}'").Message);
        Assert.Equal(shown, new InputException(foreign).Message);
        Assert.Equal($"{shown}: text", InputException.InFile(foreign, "text").Message);
    }

    [Fact]
    public void Half_a_character_is_escaped() => Assert.Equal("half \\uD83D", VisibleText.Of("half \ud83d"));

    [Fact]
    public void A_cut_goes_through_no_character()
    {
        var shown = VisibleText.Of(string.Concat(Enumerable.Repeat("🎬", 200)));

        Assert.Equal(string.Concat(Enumerable.Repeat("🎬", 98)) + "...", shown);
    }
}
