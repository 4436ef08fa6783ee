using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>What both transports of the protocol ask the core for.</summary>
internal static class TeiTranslation
{
    /// <summary>Upstream answers no empty text, list of texts or list of ids.</summary>
    public static CallError? Empty(string field, int length) => length > 0 ? null : new(ErrorKind.Empty, $"{field}: cannot be empty.", field);

    /// <summary>A too long text is refused unless <paramref name="truncate"/> is set.</summary>
    /// <param name="truncate">Whether it may be cut.</param>
    /// <param name="kept">What is kept then; null: a direction that this server does not know.</param>
    public static CallResult<PredictCall> Call(bool truncate, Truncation? kept) => kept is null
        ? CallError.Invalid("truncation_direction", "expected right or left.")
        : new PredictCall { Truncation = truncate ? kept : Truncation.Head, MayCut = truncate };
}
