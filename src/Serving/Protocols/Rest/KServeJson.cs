using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Protocols.KServe;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>An inference request of KServe's REST: the message that gRPC would carry, and which outputs are to follow the JSON as raw bytes.</summary>
internal sealed record KServeJsonRequest(ModelInferRequest Message, bool BinaryByDefault, IReadOnlyDictionary<string, bool> BinaryOutputs)
{
    public bool IsBinary(string output) => BinaryOutputs.TryGetValue(output, out var binary) ? binary : BinaryByDefault;
}

/// <summary>Inference requests and responses of KServe's REST, with Triton's binary tensor data extension.</summary>
internal static class KServeJson
{
    private const string BinarySize = "binary_data_size";
    private const string BinaryOutput = "binary_data";
    private const string BinaryByDefault = "binary_data_output";

    public static IResult Result(IMessage message) => TypedResults.Text(MessageJson.Write(message).ToJsonString(), "application/json");

    public static IResult List(IEnumerable<IMessage> messages) => TypedResults.Text(new JsonArray([.. messages.Select(MessageJson.Write)]).ToJsonString(), "application/json");

    /// <param name="json">The JSON.</param>
    /// <param name="binary">What follows it: raw tensors, in the order of the inputs that have a <c>binary_data_size</c>.</param>
    /// <exception cref="RpcException">The body is not a request.</exception>
    public static KServeJsonRequest ReadRequest(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> binary) =>
        Read(json, root => Read(root, binary), "an inference request: {\"inputs\": [{\"name\", \"shape\", \"datatype\", \"data\"}]}");

    /// <summary>The names of the parameters of a request without tensors, whose body may be empty.</summary>
    /// <exception cref="RpcException">The body is not a request.</exception>
    public static IReadOnlyCollection<string> ReadParameterNames(ReadOnlyMemory<byte> json) =>
        json.Length == 0 ? [] : Read(json, root => Parameters(root).Keys, "a request: {\"parameters\": {}}");

    public static (byte[] Json, byte[] Binary) WriteResponse(ModelInferResponse response, KServeJsonRequest request)
    {
        var outputs = new JsonArray();
        using var binary = new MemoryStream();
        foreach (var (output, raw) in response.Outputs.Zip(response.RawOutputContents))
        {
            var json = new JsonObject { ["name"] = output.Name, ["datatype"] = output.Datatype, ["shape"] = new JsonArray([.. output.Shape.Select(extent => JsonValue.Create(extent))]) };
            if (request.IsBinary(output.Name))
            {
                json["parameters"] = new JsonObject { [BinarySize] = raw.Length };
                binary.Write(raw.Span);
            }
            else
            {
                json["data"] = output.Datatype == "BYTES" ? Texts(raw.Span) : Numbers(raw.Span);
            }

            outputs.Add((JsonNode)json);
        }

        var body = new JsonObject { ["model_name"] = response.ModelName, ["model_version"] = response.ModelVersion };
        if (response.Id.Length > 0)
        {
            body["id"] = response.Id;
        }

        body["outputs"] = outputs;
        return (JsonSerializer.SerializeToUtf8Bytes(body), binary.ToArray());
    }

    private static T Read<T>(ReadOnlyMemory<byte> json, Func<JsonElement, T> read, string expected)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // The message of a JSON error may hold text of the body, which belongs to nobody's log; the caller has the body.
            throw CallError.Invalid("body", $"is not the JSON of {expected}.").ToRpcException();
        }
    }

    private static KServeJsonRequest Read(JsonElement root, ReadOnlyMemory<byte> binary)
    {
        var message = new ModelInferRequest { Id = root.TryGetProperty("id", out var id) ? id.GetString() ?? "" : "" };
        message.Parameters.Add(Parameters(root));
        foreach (var input in root.GetProperty("inputs").EnumerateArray())
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = Text(input, "name"), Datatype = Text(input, "datatype") };
            tensor.Shape.AddRange(input.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64()));
            var parameters = Parameters(input);
            message.Inputs.Add(tensor);
            if (parameters.TryGetValue(BinarySize, out var size))
            {
                if (size.Int64Param < 0 || size.Int64Param > binary.Length)
                {
                    throw CallError.Invalid($"inputs[{message.Inputs.Count - 1}]", $"'{tensor.Name}' has {BinarySize} {size.Int64Param}; {binary.Length} bytes are left.").ToRpcException();
                }

                message.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(binary[..(int)size.Int64Param]));
                binary = binary[(int)size.Int64Param..];
            }
            else
            {
                message.RawInputContents.Add(Raw(Flat(input.GetProperty("data")), tensor, $"inputs[{message.Inputs.Count - 1}]"));
            }
        }

        var binaryOutputs = new Dictionary<string, bool>();
        foreach (var output in root.TryGetProperty("outputs", out var wanted) ? wanted.EnumerateArray() : default)
        {
            var tensor = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = Text(output, "name") };
            tensor.Parameters.Add(Parameters(output));
            message.Outputs.Add(tensor);
            if (tensor.Parameters.TryGetValue(BinaryOutput, out var isBinary))
            {
                binaryOutputs[tensor.Name] = isBinary.BoolParam;
            }
        }

        return new KServeJsonRequest(message, message.Parameters.TryGetValue(BinaryByDefault, out var byDefault) && byDefault.BoolParam, binaryOutputs);
    }

    private static string Text(JsonElement owner, string name) => owner.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null.");

    private static Dictionary<string, InferParameter> Parameters(JsonElement owner) => !owner.TryGetProperty("parameters", out var parameters)
        ? []
        : parameters.EnumerateObject().ToDictionary(parameter => parameter.Name, parameter => parameter.Value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => new InferParameter { BoolParam = parameter.Value.GetBoolean() },
            JsonValueKind.Number when parameter.Value.TryGetInt64(out var whole) => new InferParameter { Int64Param = whole },
            JsonValueKind.Number => new InferParameter { DoubleParam = parameter.Value.GetDouble() },
            _ => new InferParameter { StringParam = parameter.Value.GetString() ?? "" },
        });

    /// <summary>JSON data, flat or nested, as the raw bytes of a tensor.</summary>
    private static ByteString Raw(IEnumerable<JsonElement> data, ModelInferRequest.Types.InferInputTensor tensor, string field) => tensor.Datatype switch
    {
        "BYTES" => KServeOutputs.RawTexts(data.Select(element => element.GetString() ?? throw new FormatException("A text is null."))),
        "INT64" => ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(data.Select(element => element.GetInt64()).ToArray())), // ours are little-endian machines, as ONNX Runtime's are
        _ => throw CallError.Invalid(field, $"'{tensor.Name}' is {tensor.Datatype}, expected BYTES or INT64.").ToRpcException(),
    };

    private static IEnumerable<JsonElement> Flat(JsonElement data) =>
        data.ValueKind == JsonValueKind.Array ? data.EnumerateArray().SelectMany(Flat) : [data];

    private static JsonArray Numbers(ReadOnlySpan<byte> raw)
    {
        var values = new JsonArray();
        for (var at = 0; at < raw.Length; at += sizeof(float))
        {
            values.Add((JsonNode)JsonValue.Create(BinaryPrimitives.ReadSingleLittleEndian(raw[at..])));
        }

        return values;
    }

    private static JsonArray Texts(ReadOnlySpan<byte> raw)
    {
        var values = new JsonArray();
        for (var at = 0; at < raw.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]);
            values.Add((JsonNode)JsonValue.Create(Encoding.UTF8.GetString(raw.Slice(at + sizeof(uint), length))));
            at += sizeof(uint) + length;
        }

        return values;
    }
}
