namespace LoraOnnx.Hub;

/// <summary>What the hub's refusals mean and what to do about them.</summary>
public static class HubErrors
{
    public static InputException Of(HttpResponseMessage response, HubRepository repository, HubSettings settings)
    {
        var status = (int)response.StatusCode;
        var code = HubClient.Header(response, "X-Error-Code");
        var says = $"{repository.Id}: {settings.Endpoint.Host} says {status}";
        var page = $"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{(repository.IsDataset ? "datasets/" : "")}{repository.Id}";
        var hasToken = settings.Token is not null;
        return (status, code) switch
        {
            (_, "GatedRepo") =>
                new($"{says}: the {repository.Kind} is gated.", $"accept its terms at {page}, then set HF_TOKEN to a token of that account."),
            (401, _) when hasToken => new(
                $"{says}: the token is not accepted, or there is no such {repository.Kind}.",
                "check the name, and HF_TOKEN (or the token file of huggingface-cli login)."),
            (401, _) => new($"{says}: there is no such {repository.Kind}, or it is private.", "check the name; for a private one set HF_TOKEN."),
            (403, _) => new($"{says}: {(hasToken ? "the token may not read this" : "this needs a token")} {repository.Kind}.",
                $"set HF_TOKEN to a token that may read {page}."),
            (404, "RevisionNotFound") => NoRevision(says, repository),
            (404, _) => NotFound(says, repository),
            _ => new($"{says} {response.ReasonPhrase}.", "try again later."),
        };
    }

    /// <summary>Neither a repository nor, for a model, a directory.</summary>
    public static InputException NotFound(string says, HubRepository repository) => new(
        $"{says}: there is no such {repository.Kind}{(repository.IsDataset ? "" : ", and no directory of that name")}.", "check the name.");

    private static InputException NoRevision(string says, HubRepository repository) =>
        new($"{says}: the {repository.Kind} has no revision '{repository.Revision}'.", "check the part after @.");
}
