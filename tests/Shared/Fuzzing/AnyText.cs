using FsCheck;
using FsCheck.Fluent;

namespace LoraOnnx.Tests;

/// <summary>Texts of all of Unicode and beyond: words, any UTF-16 unit (lone surrogates and controls too), any code point, combining marks, special
/// tokens.</summary>
internal static class AnyText
{
    private static readonly string[] _words =
    [
        "film", "unforgettable", " ", "  ", "\n", "[SEP]", "[CLS]", "[MASK", "<mask>", "<s>", "</s>", "<pad", "▁", "'ll", "été", "中文", "##ing", "😀",
        "\u200b", "a\u0323\u0301", "İ", "한국", "\uff8a\uff9f", "\u02da\u001d", "…", new string('x', 101),
    ];

    public static Arbitrary<string> Text() => Gen.Frequency(
            (3, Gen.Elements(_words)),
            (2, Gen.Choose(32, 126).Select(unit => $"{(char)unit}")),
            (1, Gen.Choose(0, 0xFFFF).Select(unit => $"{(char)unit}")),
            (1, Gen.Choose(0x10000, 0x10FFFF).Select(char.ConvertFromUtf32)),
            (1, Gen.Choose(0x300, 0x36F).Select(unit => $"{(char)unit}")))
        .ArrayOf().Select(string.Concat).ToArbitrary();
}
