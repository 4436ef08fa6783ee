namespace LoraOnnx.Serving.Transports.Http.Document;

/// <summary>A body that an endpoint takes as it stands, and what it answers, both JSON; for the document.</summary>
internal sealed record ApiExample(string? Request, string? Answer = null);
