using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>samples/OnDevice/web: the page trains on a file that never leaves the browser.</summary>
public sealed class WebPageTests : IDisposable
{
    private static readonly string _page = Repository.Path("samples", "OnDevice", "web");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_page_trains_on_a_file_and_sends_nothing()
    {
        var runtime = await TrainingSite.RuntimeAsync();
        var model = FamilyGolden.FirstOf("distilbert");
        var checkpoint = FamilyGolden.CheckpointOf(model);
        var texts = FamilyTexts.Write(Path.Combine(_folder.Path, "reviews.jsonl"), model, 24, seed: 1);
        var made = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", checkpoint, "--training-artifacts", $"{_folder.Path}/artifacts"]);
        Assert.True(made.ExitCode == 0, made.ToString());
        await using var site = await TrainingSite.OpenAsync(path => FileOf(path, runtime, checkpoint));

        await site.Page.SetInputFilesAsync("#reviews", texts);
        await site.Page.FillAsync("#epochs", "8");
        await site.Page.ClickAsync("button");
        await site.Page.WaitForSelectorAsync("li:has-text('done'), li:has-text('error')");

        var lines = await site.Page.Locator("li").AllTextContentsAsync();
        Assert.True(lines.Count == 10 && lines[0].StartsWith("24 reviews", StringComparison.Ordinal), string.Join('\n', lines));
        var losses = lines.Skip(1).SkipLast(1).Select(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)).ToList();
        Assert.True(losses[^1] < losses[0] - 0.02, $"nothing was learnt: {string.Join(", ", losses)}");
        Assert.All(site.Asked, request => Assert.StartsWith("GET ", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_word_pieces_are_those_of_the_tokenizer()
    {
        var runtime = await TrainingSite.RuntimeAsync();
        var demo = Repository.Path("models", "demo");
        var tokenizer = TextTokenizer.Load(demo);
        string[] texts =
        [
            .. File.ReadLines(Repository.Path("samples", "reviews", "test.jsonl"))
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!), // all have one
            "Ünïcödé's 電影 – «très bien»!\n\tx\u200by $5+1=6 " + new string('a', 101), "", "İstanbul \u00a0 e\u0301té",
        ];
        await using var site = await TrainingSite.OpenAsync(path => FileOf(path, runtime, demo));

        var ids = await site.Page.EvaluateAsync<JsonElement>(
            "async texts => { const pieces = new WordPiece(await (await fetch('artifacts/vocab.txt')).text()); "
                + "return texts.map(text => pieces.encode(text, 128)); }", texts);

        Assert.All(texts.Zip(ids.EnumerateArray()), pair => Assert.Equal(
            tokenizer.Encode(pair.First, 128, Truncation.Head).Ids, pair.Second.EnumerateArray().Select(id => id.GetInt32())));
    }

    private string FileOf(string path, string runtime, string checkpoint) => path switch
    {
        "" => Path.Combine(_page, "index.html"),
        "artifacts/vocab.txt" or "artifacts/config.json" => Path.Combine(checkpoint, Path.GetFileName(path)),
        _ when path.StartsWith("artifacts/", StringComparison.Ordinal) => Path.Combine(_folder.Path, path),
        _ when path.StartsWith("node_modules/onnxruntime-web/dist/", StringComparison.Ordinal) => Path.Combine(runtime, Path.GetFileName(path)),
        _ => Path.Combine(_page, path),
    };
}
