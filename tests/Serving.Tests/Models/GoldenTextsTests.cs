using LoraOnnx.Serving.Models;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;

namespace LoraOnnx.Serving.Tests.Models;

/// <summary>golden.jsonl, which lies beside a stranger's model and is read before it is served.</summary>
public sealed class GoldenTextsTests : IDisposable
{
    private const int Line = 1 << 18;

    private static readonly Dictionary<string, Func<int, string>> _attacks = new()
    {
        ["texts"] = size => $$"""{"text":"{{Many("a", size / 2, " ")}}","logits":[1,2]}""",
        ["blanks"] = size => new string(' ', size),
        ["logits"] = size => $$"""{"text":"a","logits":[{{Many("1", size / 2)}}]}""",
        ["one name many times"] = size => $$"""{ {{Many("\"logits\":[]", size / 12)}},"text":"a"}""",
        ["names"] = size => $$"""{ {{Numbered(size / 12, "\"k{0}\":1")}},"text":"a","logits":[1]}""",
        ["lists in lists"] = size => new string('[', size),
        ["a text without an end"] = size => $$"""{"text":"{{new string('a', size)}}""",
        ["a text of escapes"] = size => $$"""{"logits":[1],"text":"{{Many("\\ud800", size / 6, "")}}"}""",
        ["a number of many digits"] = size => $$"""{"text":"a","logits":[0.{{new string('1', size)}}]}""",
    };

    private readonly TemporaryFolder _folder = new();

    private string Path => System.IO.Path.Combine(_folder.Path, GoldenTexts.FileName);

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void The_file_takes_time_in_proportion_to_its_size(string attack) => Check(attack, size =>
    {
        var file = System.IO.Path.Combine(_folder.Path, $"{size}.jsonl");
        File.WriteAllText(file, Many(_attacks[attack](Math.Min(size, Line)), size / Line, "\n"));
        return file;
    }, file => Assert.All(GoldenTexts.Read(file, CancellationToken.None), text => Assert.True(text.Line > 0)));

    [Fact]
    public void Many_lines_take_time_in_proportion_to_their_number() => Check("lines", size =>
    {
        var file = System.IO.Path.Combine(_folder.Path, $"{size}.jsonl");
        File.WriteAllText(file, Many($$"""{"text":"{{new string('a', 300)}}","logits":[1,2]}""", size / 330, "\n"));
        return file;
    }, file => Assert.All(GoldenTexts.Read(file, CancellationToken.None), text => Assert.True(text.Line > 0)));

    [Theory]
    [InlineData("""{"text": "a", "logits": [1e999, 0]}""", "a logit is not finite")] // every logit is close to that
    [InlineData("""{"text": null, "logits": [0]}""", "'text' is not a string")]
    [InlineData("""{"text": ["\ud800"], "logits": [0]}""", "'text' is not a string")]
    [InlineData("""{"text": "a"}""", "is not a golden text")]
    [InlineData("""["text", "logits"]""", "is not a golden text")]
    [InlineData("", "is not a golden text")]
    public void A_line_that_is_no_golden_text_is_named(string line, string expected)
    {
        File.WriteAllText(Path, """{"text": "a", "logits": [0.5, -1]}""" + $"\n{line}\n");

        var error = Assert.Throws<InputException>(() => GoldenTexts.Read(Path, CancellationToken.None).Count());

        Assert.Contains($"{Path}:2: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_large_a_file_too_long_a_line_and_too_many_lines_are_refused()
    {
        string Refusal(string content)
        {
            File.WriteAllText(Path, content);
            return Assert.Throws<InputException>(() => GoldenTexts.Read(Path, CancellationToken.None).Count()).Message;
        }

        Assert.Contains("is larger than 16 MiB", Refusal(new string('\n', (16 << 20) + 1)), StringComparison.Ordinal);
        Assert.Contains("expected at most 1048576", Refusal(new string(' ', (1 << 20) + 1)), StringComparison.Ordinal);
        Assert.Contains("has more than 10000 lines", Refusal(Many("""{"text": "a", "logits": [0]}""", 10_001, "\n")), StringComparison.Ordinal);
    }
}
