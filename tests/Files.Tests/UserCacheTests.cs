
namespace LoraOnnx.Files.Tests;

public sealed class UserCacheTests
{
    private static readonly string _default = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    [Fact]
    public void The_cache_is_where_XDG_CACHE_HOME_says() => Assert.Equal("/x", UserCache.Root("/x"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("caches")]
    [InlineData("./caches")]
    [InlineData("~/caches")] // a shell would have made it absolute
    public void Without_an_absolute_path_it_is_in_the_home_directory(string? value) => Assert.Equal(_default, UserCache.Root(value));

    [Fact]
    public void What_is_cached_has_a_folder_of_its_own() =>
        Assert.Equal(Path.Combine(UserCache.Root(Environment.GetEnvironmentVariable("XDG_CACHE_HOME")), "lora-onnx", "features"),
            UserCache.Folder("features"));
}
