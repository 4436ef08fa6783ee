using System.Text.Json;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>
/// A body of /v1: the members that its calls have, those that are absent at their defaults. The records of RestMessages describe it.
/// </summary>
internal sealed class RestRequest
{
    private const string Members = "text, texts, model, model_version, models, truncation, include_logits, max_tokens, label and offset_unit";

    public PredictCall Call { get; private set; } = new();

    /// <summary>Null where there is no such member.</summary>
    public CallInput? Text { get; private set; }

    /// <summary>Null where there is no such member.</summary>
    public IReadOnlyList<CallInput>? Texts { get; private set; }

    /// <summary>Models to ask for one text; empty where there is no such member.</summary>
    public IReadOnlyList<string> Models { get; private set; } = [];

    public bool IncludeLogits { get; private set; }

    public uint MaxTokens { get; private set; }

    /// <summary>The class that is to be explained; empty: the one decided for.</summary>
    public string Label { get; private set; } = "";

    public TokenUnit Unit { get; private set; }

    /// <summary>Reads a body.</summary>
    public static async Task<CallResult<RestRequest>> ReadAsync(HttpContext context, string? timeout, TimeProvider time, int mostTexts)
    {
        var (expiresAt, late) = RequestTimeout.Read(timeout, time);
        if (late is not null)
        {
            return late;
        }

        var (body, unreadable) = await HttpBody.ReadAsync(context);
        if (body is null)
        {
            return unreadable!; // one of the two is set
        }

        using (body)
        {
            var request = new RestRequest { Call = new PredictCall { Caller = Access.NameOf(context.User), ExpiresAt = expiresAt } };
            var error = JsonBody.ReadObject(body.Bytes, (ref Utf8JsonReader reader, string member) => request.Read(ref reader, member, mostTexts));
            return error is null ? request : error;
        }
    }

    private CallError? Read(ref Utf8JsonReader reader, string member, int mostTexts)
    {
        switch (member.ToLowerInvariant())
        {
            case "text":
                var text = JsonBody.Input(ref reader, "text");
                Text = text;
                return text.Error;
            case "texts":
                return ReadTexts(ref reader, mostTexts);
            case "models":
                return ReadModels(ref reader, mostTexts);
            case "model":
                return ReadName(ref reader, "model", name => Call with { Model = name });
            case "model_version":
                return ReadName(ref reader, "model_version", name => Call with { Version = name });
            case "truncation":
                return ReadTruncation(ref reader);
            case "include_logits":
                var logits = false;
                var flagError = JsonBody.Flag(ref reader, "include_logits", ref logits);
                IncludeLogits = logits;
                return flagError;
            case "max_tokens":
                var most = 0u;
                var numberError = JsonBody.Number(ref reader, "max_tokens", ref most);
                MaxTokens = most;
                return numberError;
            case "label":
                var label = "";
                var labelError = JsonBody.Text(ref reader, "label", ref label);
                Label = label;
                return labelError;
            case "offset_unit":
                return ReadUnit(ref reader);
            default: // a misspelt option would be left out in silence
                return CallError.Invalid(CallError.Shown(member), $"is no member of a request; there are {Members}.");
        }
    }

    /// <summary>What is not a text is an error in the body; a text that is not Unicode has its error in its place.</summary>
    private CallError? ReadTexts(ref Utf8JsonReader reader, int mostTexts)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return CallError.Invalid("texts", $"is {JsonBody.Kind(reader)}, expected a list of texts.");
        }

        var texts = new List<CallInput>();
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count++ >= mostTexts)
            {
                reader.Skip(); // counted, so that the caller learns how many there are
                continue;
            }

            var isText = reader.TokenType == JsonTokenType.String;
            var input = JsonBody.Input(ref reader, $"texts[{count - 1}]");
            if (!isText)
            {
                return input.Error;
            }

            texts.Add(input);
        }

        Texts = texts;
        return count > mostTexts
            ? CallError.OverLimit("texts", $"has {count} texts; at most {mostTexts} are taken in one call (--max-batch-texts).")
            : null;
    }

    private CallError? ReadModels(ref Utf8JsonReader reader, int most)
    {
        if (reader.TokenType is JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return CallError.Invalid("models", $"is {JsonBody.Kind(reader)}, expected a list of names.");
        }

        var names = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var name = "";
            var error = names.Count > most
                ? CallError.OverLimit("models", $"has more than {most} names; at most so many are taken in one call (--max-batch-texts).")
                : JsonBody.Text(ref reader, $"models[{names.Count}]", ref name);
            if (error is not null)
            {
                return error;
            }

            names.Add(name);
        }

        Models = names;
        return null;
    }

    private CallError? ReadName(ref Utf8JsonReader reader, string field, Func<string, PredictCall> with)
    {
        var name = "";
        var error = JsonBody.Text(ref reader, field, ref name);
        Call = with(name);
        return error;
    }

    private CallError? ReadTruncation(ref Utf8JsonReader reader)
    {
        var name = "";
        if (JsonBody.Text(ref reader, "truncation", ref name) is { } error)
        {
            return error;
        }

        Truncation? kept = name switch
        {
            "tail" => Truncation.Tail,
            "head_and_tail" => Truncation.HeadAndTail,
            "head" or "refuse" => Truncation.Head,
            _ => null,
        };
        Call = Call with { Truncation = kept, MayCut = name != "refuse" };
        return kept is not null || name.Length == 0
            ? null
            : CallError.Invalid("truncation", "expected head, tail, head_and_tail or refuse, or nothing.");
    }

    private CallError? ReadUnit(ref Utf8JsonReader reader)
    {
        var name = "";
        if (JsonBody.Text(ref reader, "offset_unit", ref name) is { } error)
        {
            return error;
        }

        TokenUnit? unit = name switch
        {
            "" or "code_points" => TokenUnit.CodePoints,
            "utf16" => TokenUnit.Utf16,
            "utf8_bytes" => TokenUnit.Utf8Bytes,
            _ => null,
        };
        Unit = unit ?? default;
        return unit is null ? CallError.Invalid("offset_unit", "expected code_points, utf16 or utf8_bytes.") : null;
    }
}
