using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Texts;

/// <summary>Picks the texts that a person should read, by their scores; the texts themselves are read from the data again, since scoring does not
/// keep them.</summary>
internal sealed class TextSelection
{
    /// <summary>Texts in each list.</summary>
    public const int MostTexts = 10;

    /// <summary>From this confidence on, all models together are taken more seriously than the label.</summary>
    private const double Confident = 0.9;

    private readonly IReadOnlyList<ScoredTexts> _models;
    private readonly IReadOnlyList<string> _labels;
    private readonly List<(int[] Gained, int[] Lost, int[] Worst)> _picked;
    private readonly int[] _labelErrors;
    private readonly Dictionary<int, string> _texts = [];

    private TextSelection(IReadOnlyList<ScoredTexts> models, IReadOnlyList<string> labels)
    {
        _models = models;
        _labels = labels;
        _picked = [.. models.Select(model => (Gained(model), Lost(model), Worst(model)))];
        _labelErrors = LabelErrors();
    }

    /// <summary>Picks from the scores and reads the picked texts.</summary>
    public static TextSelection Of(IReadOnlyList<ScoredTexts> models, IReadOnlyList<string> labels, TestTexts data)
    {
        var selection = new TextSelection(models, labels);
        var wanted = selection._picked.SelectMany(picked => picked.Gained.Concat(picked.Lost).Concat(picked.Worst)).Concat(selection._labelErrors)
            .ToHashSet();
        foreach (var (index, text) in data.Read().Index().Take(wanted.Count == 0 ? 0 : wanted.Max() + 1))
        {
            if (wanted.Contains(index))
            {
                selection._texts.Add(index, TextExcerpt.Shorten(text.Text));
            }
        }

        return selection;
    }

    /// <summary>The texts of one model.</summary>
    public ModelTexts OfModel(int model) => new(Excerpts(_picked[model].Gained), Excerpts(_picked[model].Lost), Excerpts(_picked[model].Worst));

    /// <summary>Texts on which all models give the same answer, each with confidence, and the data another: is the label wrong? The surest
    /// first.</summary>
    public IReadOnlyList<TextExcerpt> LikelyLabelErrors => Excerpts(_labelErrors);

    private int[] Gained(ScoredTexts model) =>
        Pick(text => model.IsRight(text)
            && !_models[0].IsRight(text), text => TextAnswer.TruthOf(_models[0], text) - TextAnswer.TruthOf(model, text));

    private int[] Lost(ScoredTexts model) =>
        Pick(text => !model.IsRight(text)
            && _models[0].IsRight(text), text => TextAnswer.TruthOf(model, text) - TextAnswer.TruthOf(_models[0], text));

    private int[] Worst(ScoredTexts model) => Pick(text => !model.IsRight(text), text => TextAnswer.TruthOf(model, text));

    private int[] LabelErrors() => Pick(
        text => _models.All(model => !model.IsRight(text) && SameAnswer(model, _models[0], text)
            && TextAnswer.ConfidenceOf(model, text) >= Confident),
        text => -_models.Min(model => TextAnswer.ConfidenceOf(model, text)));

    /// <summary>The first texts by <paramref name="order"/>; equals in the order of the data.</summary>
    private int[] Pick(Func<int, bool> isWanted, Func<int, double> order) =>
        [.. Enumerable.Range(0, _models[0].Count).Where(isWanted).OrderBy(order).Take(MostTexts)];

    private static bool SameAnswer(ScoredTexts one, ScoredTexts other, int text) =>
        Enumerable.Range(0, one.Classes).All(label => one.Predicted(text, label) == other.Predicted(text, label));

    private TextExcerpt[] Excerpts(int[] texts) =>
        [.. texts.Select(
            text => new TextExcerpt(text, TextAnswer.Truth(_models[0], text, _labels), _texts[text],
                [.. _models.Select(model => TextAnswer.Of(model, text, _labels))]))];
}
