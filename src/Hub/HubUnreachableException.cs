namespace LoraOnnx.Hub;

/// <summary>The hub does not answer, or answers that it cannot; a copy in the cache may do instead.</summary>
public sealed class HubUnreachableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>As an error for the user, when there is no such copy.</summary>
    public InputException ToInputException(string what) =>
        new($"{what}: {Message}", "check the network, HF_ENDPOINT and the proxy; files that are in the cache already are used without it.", this);
}
