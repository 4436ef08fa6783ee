using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>
/// What <c>post_processor</c> of tokenizer.json puts around a text: followed where it is one token before and one after, else refused by name.
/// </summary>
public sealed class PostProcessorTests
{
    private const string Bert = """{"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}""";
    private const string Tokens = """ "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2]}, "[MASK]": {"id": "[MASK]", "ids": [4]}} """;
    private const string Cls = """{"SpecialToken": {"id": "[CLS]", "type_id": 0}}""";
    private const string Mask = """{"SpecialToken": {"id": "[MASK]", "type_id": 0}}""";
    private const string Typed = """{"Sequence": {"id": "A", "type_id": 1}}""";
    private const string Text = """{"Sequence": {"id": "A", "type_id": 0}}""";

    [Theory]
    [InlineData("""{"type": "BertProcessing", "cls": ["[MASK]", 4], "sep": ["[SEP]", 3]}""", 4, 3)]
    [InlineData("""{"type": "RobertaProcessing", "cls": ["[CLS]", 2], "sep": ["[MASK]", 4], "trim_offsets": true, "add_prefix_space": false}""", 2,
        4)]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Mask}}, {{Text}}, {{Cls}}], "pair": [], {{Tokens}}}""", 4, 2)]
    [InlineData($$"""{"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": true}, {{Bert}}]}""", 2, 3)]
    public void The_files_own_tokens_are_put_around_a_text(string processor, int first, int last)
    {
        using var folder = Folder(processor);

        Assert.Equal([first, 5, last], folder.Load().Encode("film", 100, Truncation.Head).Ids);
    }

    [Theory]
    [InlineData("null", "'post_processor' is missing or null")]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Cls}}, {{Text}}], "pair": [], {{Tokens}}}""",
        "has the template '[CLS] $A', expected one special token")]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Text}}], "pair": [], {{Tokens}}}""", "has the template '$A'")]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Cls}}, {{Text}}, {{Mask}}, {{Mask}}], {{Tokens}}}""",
        "has the template '[CLS] $A [MASK] [MASK]'")]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Cls}}, {{Typed}}, {{Cls}}], "pair": [], {{Tokens}}}""",
        "gives $A the token type 1, expected 0")]
    [InlineData("""{"type": "TemplateProcessing", "single": "$A", "pair": []}""", "has no 'single' that is a list of objects")]
    [InlineData($$"""{"type": "TemplateProcessing", "single": [{{Cls}}, {{Text}}, {{Cls}}], "special_tokens": {} }""",
        "gives '[CLS]' no id or several")]
    [InlineData("""{"type": "BertProcessing", "cls": ["[CLS]", 2]}""", "has no 'sep', expected a token and its id")]
    [InlineData("""{"type": "BertProcessing", "cls": ["[CLS]", 99], "sep": ["[SEP]", 3]}""", "uses the id 99, which the vocabulary does not have")]
    [InlineData("""{"type": "ByteLevel"}""", "'post_processor' is 'ByteLevel', which puts no special tokens around a text")]
    [InlineData("""{"type": "Sequence", "processors": []}""", "'post_processor' is 'Sequence', which puts no special tokens around a text")]
    [InlineData($$"""{"type": "Sequence", "processors": [{{Bert}}, {{Bert}}]}""", "puts special tokens around a text twice")]
    [InlineData("""{"type": "SomethingElse"}""", "'post_processor' is 'SomethingElse', which is not supported")]
    public void Others_are_refused_by_name(string processor, string message)
    {
        using var folder = Folder(processor);

        Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
    }

    private static TokenizerFolder Folder(string processor)
    {
        var folder = new TokenizerFolder();
        var json = TokenizerFilesTests.TokenizerJson(TokenizerFolder.Vocabulary, null);
        folder.Write("tokenizer.json", json.Replace(Bert, processor, StringComparison.Ordinal));
        Assert.Contains(Bert, json, StringComparison.Ordinal);
        return folder;
    }
}
