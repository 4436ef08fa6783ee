namespace LoraOnnx.Model.Reference;

/// <summary>The texts that every merge is proven on, carried in the tool: at least 64, from 2 tokens to beyond the limit of 512.</summary>
public static class ReferenceTexts
{
    /// <summary>Short ones as they are: nothing, one word, other scripts, marks, numbers, what breaks naive tokenizers.</summary>
    private static readonly string[] _short =
    [
        "", " ", "Good.", "bad", "...", "Not bad at all!", "10/10", "<br /><br />", "WHAT A FILM", "don't", "naïve café", "电影很好", "Отличный фильм",
        "ça va", "😀😀", "a\u0301 b\u200d c",
        "one two three four five six seven eight", "http://example.org/?q=1&r=2", "I would not say that I was not bored.", "\t tabs\nand lines \r\n",
        "supercalifragilisticexpialidocious", "A+ for effort, C- for the rest",
        "It was the best of times, it was the worst of times.", "$19.99 (50% off)",
    ];

    /// <summary>Sentences from which the longer texts are put together.</summary>
    private static readonly string[] _sentences =
    [
        "The first hour is slow, but the ending pays for every minute of it.",
        "I walked out before the credits and have not regretted it since.",
        "Her performance is quiet, exact and very moving.",
        "Nobody in this story behaves like a person I have ever met.",
        "The camera loves the landscape more than it loves the plot.",
        "There is a good short film hidden inside these three hours.",
        "My children laughed from the beginning to the end, and so did I.",
        "The dialogue sounds as if a committee had written it on a Friday afternoon.",
        "It is rare to see such care in every single shot.",
        "Somebody should have told the composer that silence is also music.",
        "If you liked the book, stay at home and read it again.",
        "For once the sequel is better than what came before.",
        "He plays the villain with so much joy that you almost hope he wins.",
        "The jokes are old, the effects are cheap, and still I would watch it again.",
        "Nothing happens, and it happens at great length.",
        "A brave, strange and beautiful piece of work.",
    ];

    /// <summary>Numbers of sentences of the longer texts: most short, as every token is computed several times; about 13 tokens each, so the last
    /// ones are cut at 512.</summary>
    private static readonly int[] _lengths =
        [.. Enumerable.Range(1, 16), .. Enumerable.Range(1, 16), 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 48, 56];

    /// <summary>The texts, always in the same order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. _short, .. _lengths.Select(Long)];

    /// <summary>256 short texts of one or two sentences, for figures that count answers.</summary>
    public static IReadOnlyList<string> ShortTexts { get; } =
        [.. _sentences, .. _sentences.SelectMany(first => _sentences.Where(second => second != first), (first, second) => $"{first} {second}")];

    /// <summary>A text of <paramref name="sentences"/> sentences; another choice of them at each place in the list, also where the number is the
    /// same.</summary>
    private static string Long(int sentences, int place) =>
        string.Join(' ', Enumerable.Range(0, sentences).Select(index => _sentences[((place * 5) + (place / 16) + (index * 7)) % _sentences.Length]));
}
