using System.Buffers;
using System.Text.Json;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>Reads the JSON of an inference request. Members that may be absent may be null.</summary>
internal sealed class KServeJsonReader(InferRequest request, ReadOnlySequence<byte> binary, long mostElements)
{
    public const string BinarySize = "binary_data_size";

    private const string BinaryOutput = "binary_data";
    private const string BinaryByDefault = "binary_data_output";

    private ReadOnlySequence<byte> _binary = binary;

    public CallError? Read(ReadOnlySequence<byte> json)
    {
        var hasInputs = false;
        var error = JsonBody.ReadObject(json, (ref Utf8JsonReader reader, string member) =>
        {
            switch (member)
            {
                case "id":
                    var id = "";
                    var wrong = JsonBody.Text(ref reader, "id", ref id);
                    request.Id = id;
                    return wrong;
                case "parameters":
                    return ReadParameters(ref reader, "parameters", ReadRequestParameter);
                case "inputs":
                    hasInputs = true;
                    return ReadList(ref reader, "inputs", ReadInput);
                case "outputs":
                    return reader.TokenType == JsonTokenType.Null ? null : ReadList(ref reader, "outputs", ReadOutput);
                default:
                    return JsonBody.Skip(ref reader);
            }
        });
        return error
            ?? (hasInputs ? null : CallError.Invalid("inputs", "is missing, expected a list of tensors."))
            ?? (_binary.IsEmpty
                ? null
                : CallError.Invalid("body", $"goes on for {_binary.Length} bytes after the tensors that its {BinarySize} announce."));
    }

    private delegate CallError? ReadItem(ref Utf8JsonReader reader, string field);

    private static CallError? ReadList(ref Utf8JsonReader reader, string member, ReadItem read)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return CallError.Invalid(member, $"is {JsonBody.Kind(reader)}, expected a list of tensors.");
        }

        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (index == InferRequest.MostTensors)
            {
                return InferRequest.TooManyTensors(member);
            }

            var field = $"{member}[{index}]";
            var error = reader.TokenType == JsonTokenType.StartObject
                ? read(ref reader, field)
                : CallError.Invalid(field, $"is {JsonBody.Kind(reader)}, expected a tensor.");
            if (error is not null)
            {
                return error;
            }
        }

        return null;
    }

    private static CallError? ReadParameters(ref Utf8JsonReader reader, string field, ReadMember read) =>
        reader.TokenType == JsonTokenType.StartObject ? JsonBody.ReadMembers(ref reader, read)
        : reader.TokenType == JsonTokenType.Null ? null
        : CallError.Invalid(field, $"is {JsonBody.Kind(reader)}, expected an object of parameters.");

    private CallError? ReadRequestParameter(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case BinaryByDefault:
                var byDefault = false;
                var wrong = JsonBody.Flag(ref reader, $"parameters.{BinaryByDefault}", ref byDefault);
                request.Binary = byDefault;
                return wrong;
            case InferRequest.TimeoutParameter:
                if (reader.TokenType == JsonTokenType.Null)
                {
                    return null;
                }

                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var microseconds) || microseconds < 0)
                {
                    return InferRequest.WrongTimeout();
                }

                request.TimeoutMicroseconds = microseconds;
                return null;
            default:
                return JsonBody.Skip(ref reader);
        }
    }

    private CallError? ReadOutput(ref Utf8JsonReader reader, string field)
    {
        var name = "";
        long? classes = null;
        bool? isBinary = null;
        var error = JsonBody.ReadMembers(ref reader, (ref Utf8JsonReader value, string member) => member switch
        {
            "name" => JsonBody.Text(ref value, $"{field}.name", ref name),
            "parameters" => ReadParameters(ref value, $"{field}.parameters", (ref Utf8JsonReader parameter, string parameterName) =>
            {
                if (parameterName == InferResponse.ClassificationParameter && parameter.TokenType != JsonTokenType.Null)
                {
                    classes = parameter.TokenType == JsonTokenType.Number && parameter.TryGetInt64(out var wanted) ? wanted : 0; // 0 is refused
                }

                if (parameterName != BinaryOutput)
                {
                    return JsonBody.Skip(ref parameter);
                }

                var flag = isBinary ?? false;
                var wrong = JsonBody.Flag(ref parameter, $"{field}.parameters.{BinaryOutput}", ref flag);
                isBinary = parameter.TokenType == JsonTokenType.Null ? isBinary : flag;
                return wrong;
            }),
            _ => JsonBody.Skip(ref value),
        });
        request.Outputs.Add(new WantedOutput(field, name, classes, isBinary));
        return error;
    }

    private CallError? ReadInput(ref Utf8JsonReader reader, string field)
    {
        var (name, datatype) = ("", "");
        List<long>? shape = null;
        long? binarySize = null;
        var hasData = false;
        Utf8JsonReader data = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var error = JsonBody.Name(ref reader, out var member);
            if (error is not null)
            {
                return error;
            }

            reader.Read();
            switch (member)
            {
                case "name":
                    error = JsonBody.Text(ref reader, $"{field}.name", ref name);
                    break;
                case "datatype":
                    error = JsonBody.Text(ref reader, $"{field}.datatype", ref datatype);
                    break;
                case "shape":
                    error = ReadShape(ref reader, field, out shape);
                    break;
                case "parameters":
                    error = ReadBinarySize(ref reader, field, ref binarySize);
                    break;
                case "data":
                    error = hasData ? CallError.Invalid($"{field}.data", "is there twice.") : null;
                    hasData = reader.TokenType != JsonTokenType.Null;
                    data = reader; // read when type and shape are known, wherever they stand
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }

            if (error is not null)
            {
                return error;
            }
        }

        var (tensor, wrong) = shape is null
            ? (CallResult<InferTensor>)CallError.Invalid($"{field}.shape", "is missing, expected a list of numbers.")
            : InferTensor.Of(field, name, datatype, shape, mostElements);
        if (tensor is null)
        {
            return wrong;
        }

        request.Inputs.Add(tensor);
        return (hasData, binarySize) switch
        {
            (true, not null) => tensor.Wrong($"has data beside {BinarySize}."),
            (false, null) => tensor.Wrong($"has neither data nor {BinarySize}."),
            (true, _) => KServeJsonData.Read(ref data, tensor),
            (false, { } size) => TakeBinary(tensor, size),
        };
    }

    private CallError? TakeBinary(InferTensor tensor, long size)
    {
        if (size < 0 || size > _binary.Length)
        {
            return tensor.Wrong($"has {BinarySize} {size}; {_binary.Length} bytes are left.");
        }

        var raw = _binary.Slice(0, size);
        _binary = _binary.Slice(size);
        return tensor.TakeRaw(raw.IsSingleSegment ? raw.FirstSpan : raw.ToArray());
    }

    private static CallError? ReadBinarySize(ref Utf8JsonReader reader, string field, ref long? size)
    {
        long? read = null;
        var error = ReadParameters(ref reader, $"{field}.parameters", (ref Utf8JsonReader value, string name) =>
        {
            if (name != BinarySize || value.TokenType == JsonTokenType.Null)
            {
                return JsonBody.Skip(ref value);
            }

            read = value.TokenType == JsonTokenType.Number && value.TryGetInt64(out var bytes) ? bytes : -1;
            return JsonBody.Skip(ref value);
        });
        size = read ?? size;
        return error;
    }

    private static CallError? ReadShape(ref Utf8JsonReader reader, string field, out List<long> shape)
    {
        shape = [];
        var wrong = CallError.Invalid($"{field}.shape", "is not a list of a few whole numbers.");
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return wrong;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var extent) || shape.Count == InferRequest.MostTensors)
            {
                return wrong;
            }

            shape.Add(extent);
        }

        return null;
    }
}
