using System.Text.Json;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>A body of /predict or /tokenize. The records of TeiMessages describe it.</summary>
internal sealed class TeiRequest
{
    private bool _truncate;
    private string _direction = "right";

    public List<CallInput> Inputs { get; } = [];

    /// <summary>Answered by a list of answers.</summary>
    public bool IsBatch { get; private set; }

    public bool RawScores { get; private set; }

    public bool AddSpecialTokens { get; private set; } = true;

    public PredictCall Call { get; private set; } = new();

    /// <summary>Reads a body.</summary>
    /// <param name="context">Of the request.</param>
    /// <param name="timeout">The header.</param>
    /// <param name="time">Clock.</param>
    /// <param name="mostTexts">Most texts in one call.</param>
    /// <param name="readLists">A list holds texts, as /tokenize has it; otherwise the texts of one sequence.</param>
    public static async Task<CallResult<TeiRequest>> ReadAsync(
        HttpContext context, string? timeout, TimeProvider time, int mostTexts, bool readLists = false)
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
            var request = new TeiRequest();
            var given = false;
            var error = JsonBody.ReadObject(body.Bytes, (ref Utf8JsonReader reader, string member) =>
            {
                given |= member == "inputs";
                return request.Read(ref reader, member, mostTexts, readLists);
            });
            error ??= given ? request.Finish(context, expiresAt) : CallError.Invalid("inputs", "is missing, expected a text.");
            return error is null ? request : error;
        }
    }

    private CallError? Read(ref Utf8JsonReader reader, string member, int mostTexts, bool readLists)
    {
        var flag = false;
        CallError? error;
        switch (member)
        {
            case "inputs":
                return ReadInputs(ref reader, mostTexts, readLists);
            case "truncate":
                error = JsonBody.Flag(ref reader, member, ref flag);
                _truncate = flag;
                return error;
            case "raw_scores":
                error = JsonBody.Flag(ref reader, member, ref flag);
                RawScores = flag;
                return error;
            case "add_special_tokens":
                flag = true;
                error = JsonBody.Flag(ref reader, member, ref flag);
                AddSpecialTokens = flag;
                return error;
            case "truncation_direction":
                return JsonBody.Text(ref reader, member, ref _direction);
            default:
                return JsonBody.Skip(ref reader);
        }
    }

    /// <summary>As upstream reads them: "a" and ["a"] are one text, [["a"], ["b"]] are a batch, ["a", "b"] and [["a", "b"]] hold pairs.</summary>
    private CallError? ReadInputs(ref Utf8JsonReader reader, int mostTexts, bool readLists)
    {
        Inputs.Clear();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Add(ref reader);
        }

        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var isSequence = reader.TokenType == JsonTokenType.StartArray && !readLists;
            IsBatch = count == 0 ? isSequence : IsBatch;
            if (++count > mostTexts)
            {
                reader.Skip(); // counted, so that the caller learns how many there are
            }
            else if ((isSequence ? AddSequence(ref reader) : Add(ref reader)) is { } error)
            {
                return error;
            }
            else if ((isSequence != IsBatch || (!IsBatch && count > 1)) && !readLists)
            {
                return Pairs();
            }
        }

        return count > mostTexts ? CallError.OverLimit("inputs", $"has {count} texts; at most {mostTexts} are taken in one call (--max-batch-texts).")
            : TeiTranslation.Empty("inputs", count);
    }

    private CallError? AddSequence(ref Utf8JsonReader reader)
    {
        var before = Inputs.Count;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (Inputs.Count > before)
            {
                return Pairs();
            }

            if (Add(ref reader) is { } error)
            {
                return error;
            }
        }

        return Inputs.Count > before ? null : Pairs();
    }

    private CallError? Add(ref Utf8JsonReader reader)
    {
        var input = JsonBody.Input(ref reader, "inputs");
        Inputs.Add(input);
        return input.Error ?? TeiTranslation.Empty("inputs", input.Text!.Length); // a text where there is no error
    }

    private CallError? Finish(HttpContext context, long expiresAt)
    {
        var (call, error) = TeiTranslation.Call(_truncate,
            _direction.ToUpperInvariant() switch { "RIGHT" => Truncation.Head, "LEFT" => Truncation.Tail, _ => null });
        Call = (call ?? Call) with { Caller = Access.NameOf(context.User), ExpiresAt = expiresAt };
        return error;
    }

    private static CallError Pairs() =>
        CallError.Invalid("inputs", "the models of this server classify single texts, not pairs; a batch is [[\"text\"], [\"text\"]].");
}
