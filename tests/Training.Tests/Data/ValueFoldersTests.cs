using LoraOnnx.Training.Data;

namespace LoraOnnx.Training.Tests.Data;

public sealed class ValueFoldersTests
{
    [Theory]
    [InlineData("acme")]
    [InlineData("Zen_2.0-beta")]
    public void A_safe_value_is_its_own_folder(string value) => Assert.Equal([value], ValueFolders.Of([value]));

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a/b")]
    [InlineData(@"a\b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("-dash")]
    [InlineData("dot.")]
    [InlineData("Müller & Söhne")]
    [InlineData("株式会社")]
    [InlineData("nul")]
    [InlineData("con.txt")]
    [InlineData("LPT1")]
    [InlineData("all")]
    [InlineData("ALL")]
    [InlineData("a\0b")]
    [InlineData("x.partial")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void Any_other_value_gets_a_name_that_is_safe_and_its_own(string value)
    {
        var folder = Assert.Single(ValueFolders.Of([value]));

        Assert.Matches(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,54}-[0-9a-f]{8}\z", folder);
        Assert.Equal(folder, ValueFolders.Of(["other", value])[1]); // whatever else there is
    }

    [Fact]
    public void Values_that_differ_by_case_alone_have_folders_that_differ_by_more()
    {
        var folders = ValueFolders.Of(["Acme", "acme", "ACME", "beta"]);

        Assert.Equal(4, folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal("beta", folders[3]);
    }

    [Fact]
    public void Values_that_look_alike_once_they_are_safe_stay_apart() =>
        Assert.Equal(3, ValueFolders.Of(["a/b", "a b", "a-b"]).Distinct().Count());
}
