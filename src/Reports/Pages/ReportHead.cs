namespace LoraOnnx.Reports.Pages;

/// <summary>What a reader with one minute sees.</summary>
/// <param name="Title">Of the browser's tab.</param>
/// <param name="Facts">On what data, when.</param>
/// <param name="Headline">The answer.</param>
/// <param name="Lead">How sure, and at what price.</param>
public sealed record ReportHead(string Title, string Facts, string Headline, string Lead);
