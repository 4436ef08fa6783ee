using LoraOnnx.Model.Texts;

namespace LoraOnnx.Evaluation.Scoring;

/// <summary>Cuts a stream of texts into windows small enough to hold, so that memory does not grow with the file.</summary>
internal static class TextWindows
{
    private const int MaxTexts = 1024;
    private const int MaxCharacters = 8 << 20;

    public static IEnumerable<IReadOnlyList<LabelledText>> Of(IEnumerable<LabelledText> texts)
    {
        var window = new List<LabelledText>();
        var characters = 0L;
        foreach (var text in texts)
        {
            window.Add(text);
            characters += text.Text.Length;
            if (window.Count == MaxTexts || characters >= MaxCharacters)
            {
                yield return window;
                window = [];
                characters = 0;
            }
        }

        if (window.Count > 0)
        {
            yield return window;
        }
    }
}
