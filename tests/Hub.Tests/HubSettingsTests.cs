
namespace LoraOnnx.Hub.Tests;

/// <summary>The environment variables of Python's huggingface_hub mean here what they mean there.</summary>
public sealed class HubSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_any_the_hub_is_huggingface_and_the_cache_that_of_Python()
    {
        var settings = From();

        Assert.Equal(new Uri("https://huggingface.co"), settings.Endpoint);
        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface", "hub"),
            settings.CacheDirectory);
        Assert.False(settings.IsOffline);
    }

    [Fact]
    public void The_cache_is_HF_HUB_CACHE_or_below_HF_HOME_or_XDG_CACHE_HOME()
    {
        Assert.Equal("/c", From(("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")).CacheDirectory);
        Assert.Equal("/h/hub", From(("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")).CacheDirectory);
        Assert.Equal("/x/huggingface/hub", From(("XDG_CACHE_HOME", "/x")).CacheDirectory);
    }

    [Fact]
    public void A_path_may_begin_with_the_home_directory()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

        Assert.Equal(Path.Combine(home, "c"), From(("HF_HUB_CACHE", "~/c")).CacheDirectory);
        Assert.Equal(Path.Combine(home, "hub"), From(("HF_HOME", "~")).CacheDirectory);
        Assert.Equal(Path.Combine(home, "x", "huggingface", "hub"), From(("XDG_CACHE_HOME", "~/x")).CacheDirectory);
    }

    [Fact]
    public void A_relative_XDG_CACHE_HOME_is_ignored() => Assert.Equal(From().CacheDirectory, From(("XDG_CACHE_HOME", "caches")).CacheDirectory);

    [Fact]
    public void The_token_is_HF_TOKEN_or_that_of_the_login()
    {
        _folder.Write("token", "hf_login\n");

        Assert.Equal("hf_given", From(("HF_TOKEN", " hf_given\n"), ("HF_HOME", _folder.Path)).Token);
        Assert.Equal("hf_login", From(("HF_HOME", _folder.Path)).Token);
        Assert.Null(From(("HF_HOME", Path.Combine(_folder.Path, "absent"))).Token);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("YES", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void HF_HUB_OFFLINE_is_a_truth_value(string value, bool expected) => Assert.Equal(expected, From(("HF_HUB_OFFLINE", value)).IsOffline);

    [Fact]
    public void HF_ENDPOINT_is_an_address()
    {
        Assert.Equal("http://mirror:8080/hf", From(("HF_ENDPOINT", "http://mirror:8080/hf/")).Endpoint.AbsoluteUri);
        Assert.Contains("HF_ENDPOINT is 'mirror'", Assert.Throws<InputException>(() => From(("HF_ENDPOINT", "mirror"))).Message,
            StringComparison.Ordinal);
    }

    private static HubSettings From(params (string Name, string Value)[] variables) =>
        HubSettings.From(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
