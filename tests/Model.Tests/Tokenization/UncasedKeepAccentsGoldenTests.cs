namespace LoraOnnx.Model.Tests.Tokenization;

public sealed class UncasedKeepAccentsGoldenTests
{
    [Fact]
    public void Ids_and_offsets_of_every_case_equal_those_of_Hugging_Face()
    {
        using var golden = new GoldenTokenizer("uncased-keep-accents", vocabularyOf: "cased");

        golden.Check();
    }
}
