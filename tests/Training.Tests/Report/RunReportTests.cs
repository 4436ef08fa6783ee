using LoraOnnx.Model.Runs;
using LoraOnnx.Tests.Browsing;
using LoraOnnx.Training.Report;

namespace LoraOnnx.Training.Tests.Report;

/// <summary>report.html of a recorded run: what it says, in a browser, and the pictures of it in docs/.</summary>
public sealed class RunReportTests : IDisposable
{
    private static readonly string _recorded = Repository.Path("tests", "Training.Tests", "Report", "recorded");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_headline_says_from_where_to_where_how_surely_on_what_and_when()
    {
        var head = RunHeadline.Of(Record());

        Assert.Equal("Test F1 from 86.61 to 93.62 %", head.Headline);
        Assert.Equal("test.jsonl, 240 test texts · base demo · 28 November 2026, 19:42 UTC", head.Facts);
        Assert.Matches(@"^95 % interval 9\d\.\d\d to 9\d\.\d\d % \(raw model: 8\d\.\d\d to 9\d\.\d\d\)\. ", head.Lead);
        Assert.Contains("Method lora, rank 8: 110,592 parameters trained in 5 min 30 s. The weights of step 120 of 120 are kept", head.Lead,
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_ends_between_a_number_and_its_percent_sign()
    {
        var page = Page();

        Assert.Contains("<h1>Test F1 from 86.61 to 93.62&#xA0;%</h1>", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?s)<header>.*\\d %.*</header>", page);
    }

    [Fact]
    public void Training_that_did_not_raise_F1_says_so_first()
    {
        var record = Record();

        var head = RunHeadline.Of(record with { Test = record.RawTest });

        Assert.Equal("Test F1 did not rise: from 86.61 to 86.61 %", head.Headline);
    }

    [Fact]
    public void Options_that_nobody_gave_are_called_defaults_and_no_path_of_the_machine_is_told()
    {
        var page = Page();

        Assert.Matches("(?s)--warmup.{0,200}0.06.{0,200}default", page);
        Assert.Matches("(?s)--epochs.{0,200}5.{0,200}given", page);
        Assert.DoesNotContain("/data/", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_validation_and_test_says_on_what_it_trained_and_shows_no_empty_table()
    {
        var record = Record();
        var bare = record with { Test = null, RawTest = null, Validation = null, Raw = null, Best = null, Last = null, Data = [record.Data[0]] };
        var page = TrainingPage.Of(bare, Path.Combine(_recorded, "metrics.jsonl"));

        Assert.Contains("<h1>Trained, and measured on no texts</h1>", page, StringComparison.Ordinal);
        Assert.Contains("train.jsonl, 370 training texts \u00B7 base demo", System.Net.WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.DoesNotContain("n percent", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_says_over_what_F1_is_averaged_and_has_no_figure_twice()
    {
        static string Of(RunRecord record) => TrainingPage.Of(record, Path.Combine(_recorded, "metrics.jsonl"));

        Assert.Contains("precision and recall are those of the second class, below", Of(Record()), StringComparison.Ordinal);
        Assert.Contains("precision and recall are those of POSITIVE, below F1 its 95", Page(), StringComparison.Ordinal);
        Assert.Contains("precision and recall are averages over the labels (macro), below", Of(OfThreeClasses()), StringComparison.Ordinal);
        Assert.Contains("precision and recall are over all labels together (micro), below", Of(OfSeveralLabels()), StringComparison.Ordinal);
        Assert.Contains("data-label=\"macro F1\"", Page(), StringComparison.Ordinal);
        Assert.DoesNotContain("data-label=\"macro F1\"", Of(OfThreeClasses()), StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_two_classes_have_a_table_of_their_own_figures()
    {
        var page = TrainingPage.Of(OfThreeClasses(), Path.Combine(_recorded, "metrics.jsonl"));

        // fair: 6 of 8 answers are right, 6 of 10 texts are found, F1 is 12 / 18
        Assert.Matches("(?s)Figures of each label on the test texts.*fair.{0,200}10.{0,200}66\\.67.{0,200}75\\.00.{0,200}60\\.00", page);
        Assert.DoesNotContain("Figures of each label", Page(), StringComparison.Ordinal);
    }

    /// <summary>The pictures go to artifacts/; with UPDATE_DOCS=1 also to docs/pictures.</summary>
    [Fact]
    public async Task It_is_readable_on_a_desk_and_a_phone_in_light_and_dark()
    {
        await using var browser = await Browser.StartAsync();
        var path = Path.Combine(_folder.Path, "report.html");
        await File.WriteAllTextAsync(path, Page(), TestContext.Current.CancellationToken);

        await browser.TakePicturesAsync(path, "training", mostScreens: 3);
    }

    /// <summary>Three classes, and several labels a text: nothing wider than the screen, and axe finds nothing.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_classes_are_as_readable(bool isMultiLabel)
    {
        await using var browser = await Browser.StartAsync();
        var record = isMultiLabel ? OfSeveralLabels() : OfThreeClasses();
        var path = Path.Combine(_folder.Path, "report.html");
        await File.WriteAllTextAsync(path, TrainingPage.Of(record, Path.Combine(_recorded, "metrics.jsonl")), TestContext.Current.CancellationToken);

        await browser.AssertReadableAsync(path, isMultiLabel ? "training-labels" : "training-classes", mostScreens: 3);
    }

    [Fact]
    public void Several_labels_have_an_interval_too()
    {
        var head = RunHeadline.Of(OfSeveralLabels());

        Assert.Equal("Test F1 did not rise: from 86.61 to 78.79 %", head.Headline);
        Assert.Matches(@"^95 % interval 7[345]\.\d\d to 8[234]\.\d\d % \(raw model: 8\d\.\d\d to 9\d\.\d\d\)\. ", head.Lead);
    }

    /// <summary>With the names of the classes, which runs of its version did not keep.</summary>
    private static string Page() =>
        TrainingPage.Of(Record() with { Labels = ["NEGATIVE", "POSITIVE"] }, Path.Combine(_recorded, "metrics.jsonl"));

    private static RunRecord OfThreeClasses()
    {
        var record = Record();
        long[][] confusion = [[8, 2, 0], [1, 6, 3], [0, 0, 10]];
        return record with
        {
            Labels = ["bad", "fair", "good"],
            Test = record.Test! with { Confusion = confusion },
            Best = record.Best! with { Confusion = confusion },
            Last = record.Last! with { Confusion = confusion },
        };
    }

    /// <summary>F1 is 2 · 130 / (2 · 130 + 50 + 20).</summary>
    private static RunRecord OfSeveralLabels()
    {
        var record = Record();
        return record with
        {
            Labels = ["joy", "disapproval-or-annoyance"],
            Test = record.Test! with
            {
                Confusion = null,
                F1 = 260.0 / 330,
                Labels = [new("joy", 90, 0.8, 0.75, 0.85, 0.34), new("disapproval-or-annoyance", 60, 0.7, 0.7, 0.7, 0.61)],
                LabelSets = [new(1, 0, 0, 70), new(1, 1, 0, 40), new(2, 0, 0, 10), new(0, 1, 1, 10), new(0, 0, 1, 10)],
            },
        };
    }

    private static RunRecord Record() => RunDirectory.Open(_recorded).Record;
}
