namespace LoraOnnx.Reports.Parts;

/// <summary>A chapter that opens when asked: its place in the page, its title, and in a few words what is in it.</summary>
public sealed record Chapter(string Id, string Title, string Summary);
