using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Calls;

/// <summary>What a call asks for beside its texts.</summary>
internal sealed record PredictCall
{
    /// <summary>Name of the model; empty: the default one.</summary>
    public string Model { get; init; } = "";

    /// <summary>Its version; empty: the one loaded last.</summary>
    public string Version { get; init; } = "";

    /// <summary>What to keep of a text that is too long; null: what the model was trained on.</summary>
    public Truncation? Truncation { get; init; }

    /// <summary>False: refuse a text with more tokens than the model takes.</summary>
    public bool MayCut { get; init; } = true;

    /// <summary>Name of who asks; empty where that is not known.</summary>
    public string Caller { get; init; } = "";

    /// <summary>When the answer is of no use any more, as a time stamp of the server's clock; <see cref="long.MaxValue"/>: never.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;
}

/// <summary>One thing to classify: a text, token ids that the client made itself, or what is wrong with it already.</summary>
/// <param name="Field">What the caller calls it; errors name it so.</param>
/// <param name="Text">The text.</param>
/// <param name="Ids">The ids.</param>
/// <param name="Error">Said in its place.</param>
internal readonly record struct CallInput(string Field, string? Text, EncodedText? Ids = null, CallError? Error = null)
{
    public static CallInput Wrong(string field, string message) => new(field, null, null, CallError.Invalid(field, message));
}
