using System.Buffers;
using System.Text.Json;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Http;

/// <summary>Reads the value of a member, or passes over it; says what is wrong with it, or null.</summary>
/// <param name="reader">Stands at the value's first token; afterwards at its last.</param>
/// <param name="member">Its name.</param>
internal delegate CallError? ReadMember(ref Utf8JsonReader reader, string member);

/// <summary>
/// Reads JSON from the bytes into what is wanted, with no tree between: a tree of a body costs many times the body. Errors name the member; they hold
/// nothing of
/// its content, which may be a text.
/// </summary>
internal static class JsonBody
{
    private const string Whole = "body";
    private const string NotUnicode = "is not Unicode: it holds half of a surrogate pair, or bytes that are not UTF-8.";

    /// <summary>Reads a body that is one object.</summary>
    public static CallError? ReadObject(ReadOnlySequence<byte> json, ReadMember read)
    {
        var at = Whole;
        try
        {
            var reader = new Utf8JsonReader(WithoutMark(json));
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return CallError.Invalid(Whole, $"is {Kind(reader)}, expected a JSON object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (Name(ref reader, out at) is { } nameless) // before its value, in which the JSON may break off
                {
                    return nameless;
                }

                reader.Read();
                if (read(ref reader, at) is { } error)
                {
                    return error;
                }

                at = Whole;
            }

            return reader.Read() ? CallError.Invalid(Whole, "goes on after the JSON object.") : null;
        }
        catch (JsonException failure)
        {
            return CallError.Invalid(CallError.Shown(at),
                $"the JSON is wrong or breaks off at line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}.");
        }
    }

    /// <summary>Reads an object's members; the reader stands at its start, and afterwards at its end.</summary>
    public static CallError? ReadMembers(ref Utf8JsonReader reader, ReadMember read)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Name(ref reader, out var member) is { } nameless)
            {
                return nameless;
            }

            reader.Read();
            if (read(ref reader, member) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>Passes over a value that is not asked for.</summary>
    public static CallError? Skip(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return null;
    }

    /// <summary>A text; null leaves <paramref name="text"/> as it is.</summary>
    public static CallError? Text(ref Utf8JsonReader reader, string field, ref string text)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var input = Input(ref reader, field);
        text = input.Text ?? text;
        return input.Error;
    }

    /// <summary>A text to classify, or what is wrong with it.</summary>
    public static CallInput Input(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            var kind = Kind(reader);
            reader.Skip();
            return CallInput.Wrong(field, $"is {kind}, expected a text.");
        }

        return Text(ref reader) is { } text ? new CallInput(field, text) : CallInput.Wrong(field, NotUnicode);
    }

    /// <summary>true or false; null leaves <paramref name="value"/> as it is.</summary>
    public static CallError? Flag(ref Utf8JsonReader reader, string field, ref bool value)
    {
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
        {
            value = reader.GetBoolean();
            return null;
        }

        return reader.TokenType == JsonTokenType.Null ? null : CallError.Invalid(field, $"is {Kind(reader)}, expected true or false.");
    }

    /// <summary>A number from 0; null leaves <paramref name="value"/> as it is.</summary>
    public static CallError? Number(ref Utf8JsonReader reader, string field, ref uint value) =>
        reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt32(out value))
            ? null
            : CallError.Invalid(field, $"is {Kind(reader)}, expected a whole number of 0 or more.");

    /// <summary>What stands there, in words.</summary>
    public static string Kind(in Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "null",
    };

    /// <summary>The name of a member, at which the reader stands, or what is wrong with it.</summary>
    public static CallError? Name(ref Utf8JsonReader reader, out string name)
    {
        var input = Text(ref reader);
        name = input ?? Whole;
        return input is null ? CallError.Invalid(Whole, $"the name of a member {NotUnicode}") : null;
    }

    /// <summary>The text at which the reader stands; null where it is not Unicode.</summary>
    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static ReadOnlySequence<byte> WithoutMark(ReadOnlySequence<byte> json)
    {
        ReadOnlySpan<byte> mark = [0xef, 0xbb, 0xbf];
        return json.FirstSpan.StartsWith(mark) ? json.Slice(mark.Length) : json;
    }
}
