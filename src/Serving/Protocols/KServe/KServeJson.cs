using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>Inference requests and responses of KServe's REST, with Triton's binary tensor data extension.</summary>
internal static class KServeJson
{
    /// <summary>Length of the JSON at the start of a body that goes on with raw tensors; 0: the body is one raw text.</summary>
    public const string JsonLengthHeader = "Inference-Header-Content-Length";

    public static IResult Result(IMessage message) => TypedResults.Text(MessageJson.Write(message).ToJsonString(), "application/json");

    public static IResult Result<T>(CallResult<T> result)
        where T : class, IMessage => result.Value is { } message ? Result(message) : HttpErrors.Result(result.Error!); // one of the two is set

    public static IResult List(IEnumerable<IMessage> messages) =>
        TypedResults.Text(new JsonArray([.. messages.Select(MessageJson.Write)]).ToJsonString(), "application/json");

    /// <summary>Reads an inference request: JSON, and raw tensors after it in the order of the inputs that have a <c>binary_data_size</c>.</summary>
    public static CallResult<InferRequest> ReadRequest(
        ReadOnlySequence<byte> body, string? jsonLength, string model, string version, long mostElements)
    {
        var length = body.Length;
        if (!string.IsNullOrEmpty(jsonLength)
            && (!long.TryParse(jsonLength, NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > body.Length))
        {
            return CallError.Invalid(JsonLengthHeader, $"is '{CallError.Shown(jsonLength)}', expected at most the {body.Length} bytes of the body.");
        }

        var request = new InferRequest { Model = model, Version = version };
        var error = length == 0 && body.Length > 0
            ? RawText(request, body)
            : new KServeJsonReader(request, body.Slice(length), mostElements).Read(body.Slice(0, length));
        return error is null ? request : error;
    }

    /// <summary>Whether a body of the repository's index asks for the models that are ready only.</summary>
    public static CallError? ReadReady(ReadOnlySequence<byte> json, out bool ready)
    {
        var flag = false;
        var error = JsonBody.ReadObject(json, (ref Utf8JsonReader reader, string member) =>
            member == "ready" ? JsonBody.Flag(ref reader, member, ref flag) : JsonBody.Skip(ref reader));
        ready = flag;
        return error;
    }

    /// <summary>The first parameter of a body without tensors; null where it has none.</summary>
    public static CallError? ReadFirstParameter(ReadOnlySequence<byte> json, out string? parameter)
    {
        string? first = null;
        var error = JsonBody.ReadObject(json, (ref Utf8JsonReader reader, string member) =>
            member == "parameters" && reader.TokenType == JsonTokenType.StartObject
                ? JsonBody.ReadMembers(ref reader, (ref Utf8JsonReader value, string name) =>
                {
                    first ??= name;
                    return JsonBody.Skip(ref value);
                })
                : JsonBody.Skip(ref reader));
        parameter = first;
        return error;
    }

    public static (byte[] Json, byte[] Binary) Write(InferResponse response, InferRequest request)
    {
        using var json = new MemoryStream();
        using var binary = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", response.Model);
            writer.WriteString("model_version", response.Version);
            if (response.Id.Length > 0)
            {
                writer.WriteString("id", response.Id);
            }

            if (response.TruncatedRows.Count > 0)
            {
                writer.WriteStartObject("parameters");
                writer.WriteBoolean(InferResponse.TruncatedParameter, true);
                writer.WriteString(InferResponse.TruncatedRowsParameter, response.TruncatedRowsText);
                writer.WriteEndObject();
            }

            writer.WriteStartArray("outputs");
            foreach (var output in response.Outputs)
            {
                Write(writer, output, request.IsBinary(output.Name) ? binary : null);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return (json.ToArray(), binary.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, InferOutput output, MemoryStream? binary)
    {
        writer.WriteStartObject();
        writer.WriteString("name", output.Name);
        writer.WriteString("datatype", output.Datatype);
        writer.WriteStartArray("shape");
        foreach (var extent in output.Shape)
        {
            writer.WriteNumberValue(extent);
        }

        writer.WriteEndArray();
        if (binary is not null)
        {
            var raw = RawTensors.Write(output);
            binary.Write(raw);
            writer.WriteStartObject("parameters");
            writer.WriteNumber(KServeJsonReader.BinarySize, raw.Length);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray("data");
            foreach (var number in output.Numbers ?? [])
            {
                writer.WriteNumberValue(number);
            }

            foreach (var text in output.Texts ?? [])
            {
                writer.WriteStringValue(text);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>A raw binary request: the body is the one text, without a length before it; outputs come raw, too.</summary>
    private static CallError? RawText(InferRequest request, ReadOnlySequence<byte> body)
    {
        var tensor = InferTensor.Of("body", InferInputs.Text, InferTensor.BytesType, [1], 1).Value!; // of a shape that is right
        request.Binary = true;
        request.Inputs.Add(tensor);
        return tensor.Read(body.ToArray(), 0, out var text) ?? tensor.Take([text]);
    }
}
