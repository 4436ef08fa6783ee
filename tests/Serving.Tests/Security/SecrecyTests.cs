using Grpc.Core;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Security;

/// <summary>What callers do not learn: where files lie on the machine, and what others ask.</summary>
public sealed class SecrecyTests
{
    private const string Key = "user-key-0123456789";
    private const string OtherKey = "other-key-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/srv/models/base", "base")]
    [InlineData("/home/some one/my model/", "my model")]
    [InlineData("~/models/base", "base")]
    [InlineData(@"C:\Users\me\base", "base")]
    [InlineData("file:///srv/models/base", "base")]
    [InlineData("adapter=/srv/a/adapter,head=/srv/a/head", "adapter=adapter,head=head")]
    [InlineData("/srv/models/x/model.onnx: has no input_ids.", "model.onnx: has no input_ids.")]
    [InlineData("no such file '/srv/models/x'", "no such file 'x'")]
    [InlineData("distilbert/distilbert-base-uncased", "distilbert/distilbert-base-uncased")]
    [InlineData("https://example.com/a/b", "https://example.com/a/b")]
    [InlineData("3/4 of the texts, 1e-5 / 2", "3/4 of the texts, 1e-5 / 2")]
    [InlineData("</s> and 'x/y'", "</s> and 'x/y'")]
    [InlineData("", "")]
    public void A_path_of_this_machine_is_cut_to_its_last_part(string text, string expected) => Assert.Equal(expected, MachinePaths.Cut(text));

    [Fact]
    public async Task Models_tell_no_path_in_any_protocol()
    {
        var engine = new TestEngine { Metadata = new Dictionary<string, string> { ["base"] = "/srv/secret/base", ["hub"] = "org/name" } };
        await using var server = await TestServer.StartAsync(engine);
        using var http = server.Http();

        foreach (var path in (string[])["v1/models", "v2/models/demo/config"])
        {
            var answer = await http.GetStringAsync(path, Cancel);
            Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
            Assert.Contains("org/name", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task With_keys_a_text_is_never_said_to_be_shared_with_somebody_else(int cacheMebibytes)
    {
        using var folder = new TemporaryFolder();
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with
        {
            Access = [new ApiKeyScheme(folder.Write("keys", $"user alice {Key}\nuser bob {OtherKey}\n"))],
            CacheMebibytes = cacheMebibytes,
        });
        var client = new Sentiment.SentimentClient(server.Connect());

        var answers = new List<PredictResponse>();
        foreach (var key in (string[])[Key, OtherKey])
        {
            answers.Add(await client.PredictAsync(
                new PredictRequest { Text = "equal" }, new Metadata { { "x-api-key", key } }, cancellationToken: Cancel));
        }

        Assert.All(answers, answer => Assert.False(answer.Shared));
        Assert.Equal(2, engine.RunsOf("equal"));
    }

    [Theory]
    [InlineData("a\n")]
    [InlineData("a b")]
    [InlineData("")]
    public void Names_of_models_hold_no_line_ends(string name) => Assert.False(ModelSource.IsName(name));

    [Fact]
    public void Names_of_models_are_bounded() =>
        Assert.Equal(
            (true, false),
            (ModelSource.IsName(new string('a', ModelSource.LongestName)), ModelSource.IsName(new string('a', ModelSource.LongestName + 1))));
}
