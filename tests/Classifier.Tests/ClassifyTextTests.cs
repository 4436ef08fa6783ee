using LoraOnnx.MachineLearning;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.Classifier.Tests;

public sealed class ClassifyTextTests : IDisposable
{
    private readonly ClassifierFolder _folder = new();
    private readonly MLContext _context = new(seed: 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_view_has_the_answers_of_the_classifier_row_by_row_beside_its_own_columns()
    {
        using var classifier = TextClassifier.Load(_folder.Path);
        var texts = Enumerable.Range(0, 600).Select(index => ClassifierFolder.Texts[index % ClassifierFolder.Texts.Count]).ToList();
        var input = _context.Data.LoadFromEnumerable(texts.Select((text, index) => new Review { Text = text, Number = index }));

        var rows = _context.Data.CreateEnumerable<Classified>(
            _context.Transforms.ClassifyText(classifier).Fit(input).Transform(input), reuseRowObject: false).ToList();

        var expected = await classifier.ClassifyAsync(texts, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Select((answer, index) => (index, answer.Label, (float)answer.Score, answer.Tokens, answer.IsTruncated)),
            rows.Select(row => (row.Number, row.PredictedLabel, row.Probability, row.Tokens, row.IsTruncated)));
        Assert.Equal(expected.Select(answer => answer.Scores.Select(score => (float)score.Score)), rows.Select(row => row.Score));
        Assert.Equal(texts, rows.Select(row => row.Text));
    }

    [Fact]
    public void The_scores_slots_are_named_and_the_pipeline_knows_its_columns_before_it_is_fitted()
    {
        var input = _context.Data.LoadFromEnumerable(new List<Review>());
        var pipeline = _context.Transforms.CopyColumns("Review", "Text")
            .Append(_context.Transforms.ClassifyText(_folder.Path, new ClassifyTextColumns { Text = "Review", PredictedLabel = "Answer" }))
            .Append(_context.Transforms.Conversion.MapValueToKey("Key", "Answer"));

        using var fitted = pipeline.Fit(input);
        var schema = fitted.GetOutputSchema(input.Schema);

        VBuffer<ReadOnlyMemory<char>> names = default;
        schema["Score"].GetSlotNames(ref names);
        Assert.Equal(["NEGATIVE", "POSITIVE"], names.DenseValues().Select(name => name.ToString()));
        Assert.Equal(2, Assert.IsType<VectorDataViewType>(schema["Score"].Type).Size);
        Assert.Equal(schema.Select(column => column.Name).Distinct().Order(StringComparer.Ordinal),
            fitted.Transform(input).Schema.Select(column => column.Name).Distinct().Order(StringComparer.Ordinal));
        var shape = _context.Transforms.ClassifyText(_folder.Path).GetOutputSchema(Shape());
        Assert.Equal(["IsTruncated", "Number", "PredictedLabel", "PredictedLabels", "Probability", "Score", "Text", "Tokens"],
            shape.Select(column => column.Name).Order(StringComparer.Ordinal));
        Assert.Equal(SchemaShape.Column.VectorKind.Vector, shape.Single(column => column.Name == "Score").Kind);
    }

    [Fact]
    public async Task A_prediction_engine_answers_example_after_example()
    {
        using var fitted = _context.Transforms.ClassifyText(_folder.Path).Fit(_context.Data.LoadFromEnumerable(new List<Review>()));
        using var classifier = TextClassifier.Load(_folder.Path);
        using var engine = _context.Model.CreatePredictionEngine<Review, Classified>(fitted);

        foreach (var text in ClassifierFolder.Texts)
        {
            var expected = await classifier.ClassifyAsync(text, TestContext.Current.CancellationToken);
            var answer = engine.Predict(new Review { Text = text });
            Assert.Equal((expected.Label, (float)expected.Score, expected.Tokens), (answer.PredictedLabel, answer.Probability, answer.Tokens));
        }
    }

    [Fact]
    public void Several_labels_a_text_come_as_a_vector()
    {
        using var folder = new ClassifierFolder(
            new TinyModelOptions { Labels = ["joy", "fear", "calm"], ProblemType = "multi_label_classification" });
        using var classifier = TextClassifier.Load(folder.Path);
        var input = _context.Data.LoadFromEnumerable(ClassifierFolder.Texts.Select(text => new Review { Text = text }));

        var rows = _context.Data.CreateEnumerable<Classified>(
            _context.Transforms.ClassifyText(classifier).Fit(input).Transform(input), reuseRowObject: false).ToList();

        Assert.All(rows, row => Assert.Equal(classifier.Labels.Where((_, label) => row.Score[label] >= 0.5f), row.PredictedLabels));
        Assert.Contains(rows, row => row.PredictedLabels.Length > 0);
    }

    [Fact]
    public void A_pipeline_is_not_saved_without_its_model_and_says_what_to_do()
    {
        var input = _context.Data.LoadFromEnumerable(new List<Review>());
        using var fitted = _context.Transforms.ClassifyText(_folder.Path).Fit(input);
        using var stream = new MemoryStream();

        var failure = Assert.Throws<NotSupportedException>(() => _context.Model.Save(fitted, input.Schema, stream));

        Assert.Contains("add ClassifyText after loading", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_without_the_column_of_texts_is_refused_by_name()
    {
        var input = _context.Data.LoadFromEnumerable(new List<Review>());

        var missing = Assert.Throws<ArgumentException>(
            () => _context.Transforms.ClassifyText(_folder.Path, new ClassifyTextColumns { Text = "Body" }).Fit(input));
        var wrong = Assert.Throws<ArgumentException>(
            () => _context.Transforms.ClassifyText(_folder.Path, new ClassifyTextColumns { Text = "Number" }).Fit(input));

        Assert.Equal("The data has no column 'Body'; it has Text, Number.", missing.Message);
        Assert.Contains("'Number' is of type Int32, expected text", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>The shape of reviews; ML.NET makes shapes only of other shapes.</summary>
    private SchemaShape Shape() =>
        _context.Transforms.CustomMapping<Nothing, Review>((_, _) => { }, contractName: null).GetOutputSchema(new SchemaShape([]));

    private sealed class Nothing;

    private class Review
    {
        public string Text { get; set; } = "";

        public int Number { get; set; }
    }

    private sealed class Classified : Review
    {
        public string PredictedLabel { get; set; } = "";

        public float Probability { get; set; }

        public float[] Score { get; set; } = [];

        public string[] PredictedLabels { get; set; } = [];

        public int Tokens { get; set; }

        public bool IsTruncated { get; set; }
    }
}
