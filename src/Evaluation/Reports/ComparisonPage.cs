using LoraOnnx.Evaluation.Reports.Page;
using LoraOnnx.Reports;
using LoraOnnx.Reports.Pages;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>report.html: one file that needs no other, no script and no network.</summary>
internal static class ComparisonPage
{
    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, Of(report));

    public static string Of(ComparisonReport report) => PageWriter.Html(new ComparisonValues
    {
        Head = Head(report),
        Requirements = MethodSection.Requirements(report),
        Glance = OverviewSection.Table(report),
        Others = OverviewSection.Others(report),
        Intervals = OverviewSection.Intervals(report),
        Changes = ChangesSection.Of(report),
        Examples = ChangesSection.Examples(report),
        Servers = MethodSection.Servers(report),
        Figures = FiguresSection.Figures(report),
        McNemar = FiguresSection.McNemar(report),
        Cost = FiguresSection.Cost(report),
        Choices = ChoicesSection.Of(report),
        Scores = ScoresSection.Of(report),
        Matrices = AnswersSection.Matrices(report),
        Labels = AnswersSection.Labels(report),
        Slices = SlicesSection.Of(report),
        Texts = TextsSection.Of(report),
        WordNotes = WordsSection.Notes(report),
        Method = MethodSection.Of(report),
    });

    private static ReportHead Head(ComparisonReport report) => new(
        $"{string.Join(", ", report.Models.Select(model => model.Name))} on {report.Data.Name}",
        $"{report.Data.Name}, {Numbers.Count(report.Data.Texts)} texts · {Numbers.Moment(report.MadeAt)}",
        Summary.Headline(report.Models),
        report.Summary);
}
