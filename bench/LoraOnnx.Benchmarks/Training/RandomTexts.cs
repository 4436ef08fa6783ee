using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>Texts of random words: which they are does not change what a step costs.</summary>
internal static class RandomTexts
{
    public static EncodedText[] Of(int[] lengths) => Of(lengths, BaseSizeModel.Config.Shape.Vocabulary);

    public static EncodedText[] Of(int[] lengths, int vocabulary)
    {
        var random = new Random(2);
        return Array.ConvertAll(lengths,
            length => new EncodedText(
                [101, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(1000, vocabulary)), 102], length));
    }
}
