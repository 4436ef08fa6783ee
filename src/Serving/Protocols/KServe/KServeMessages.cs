using Google.Protobuf;
using LoraOnnx.Serving.Calls;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>Between the messages of inference.GRPCInferenceService and an <see cref="InferRequest"/>.</summary>
internal static class KServeMessages
{
    public static CallResult<InferRequest> Read(ModelInferRequest message, long mostElements)
    {
        var raw = message.RawInputContents;
        if (raw.Count != 0 && raw.Count != message.Inputs.Count)
        {
            return CallError.Invalid("raw_input_contents", $"has {raw.Count} tensors for {message.Inputs.Count} inputs.");
        }

        if (message.Inputs.Count > InferRequest.MostTensors || message.Outputs.Count > InferRequest.MostTensors)
        {
            return InferRequest.TooManyTensors(message.Inputs.Count > InferRequest.MostTensors ? "inputs" : "outputs");
        }

        var request = new InferRequest { Model = message.ModelName, Version = message.ModelVersion, Id = message.Id, Binary = raw.Count > 0 };
        if (Timeout(message, out var timeout) is { } wrongTimeout)
        {
            return wrongTimeout;
        }

        request.TimeoutMicroseconds = timeout;
        for (var i = 0; i < message.Outputs.Count; i++)
        {
            request.Outputs.Add(new WantedOutput($"outputs[{i}]", message.Outputs[i].Name, Classes(message.Outputs[i]), null));
        }

        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var (tensor, error) = Read(message.Inputs[i], $"inputs[{i}]", raw.Count > 0 ? raw[i] : null, mostElements);
            if (tensor is null)
            {
                return error!; // one of the two is set
            }

            request.Inputs.Add(tensor);
        }

        return request;
    }

    public static ModelInferResponse Write(InferResponse response, bool raw)
    {
        var message = new ModelInferResponse { ModelName = response.Model, ModelVersion = response.Version, Id = response.Id };
        if (response.TruncatedRows.Count > 0)
        {
            message.Parameters[InferResponse.TruncatedParameter] = new InferParameter { BoolParam = true };
            message.Parameters[InferResponse.TruncatedRowsParameter] = new InferParameter { StringParam = response.TruncatedRowsText };
        }

        foreach (var output in response.Outputs)
        {
            var tensor = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = output.Datatype, Shape = { output.Shape } };
            message.Outputs.Add(tensor);
            if (raw)
            {
                message.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(RawTensors.Write(output)));
            }
            else
            {
                tensor.Contents = new InferTensorContents
                {
                    Fp32Contents = { output.Numbers ?? [] },
                    BytesContents = { (output.Texts ?? []).Select(ByteString.CopyFromUtf8) },
                };
            }
        }

        return message;
    }

    private static CallResult<InferTensor> Read(ModelInferRequest.Types.InferInputTensor input, string field, ByteString? raw, long mostElements)
    {
        var (tensor, error) = InferTensor.Of(field, input.Name, input.Datatype, input.Shape, mostElements);
        if (tensor is null)
        {
            return error!; // one of the two is set
        }

        var contents = input.Contents ?? new InferTensorContents();
        var wrong = raw is not null ? input.Contents is null ? tensor.TakeRaw(raw.Span) : tensor.Wrong("has contents beside raw_input_contents.")
            : Leftover(contents, tensor) is { } other ? tensor.Wrong($"is {tensor.Datatype} and has {other}.")
            : tensor.IsText ? TakeTexts(tensor, contents)
            : tensor.Take(tensor.Datatype == "INT32" ? [.. contents.IntContents] : [.. contents.Int64Contents]);
        return wrong is null ? tensor : wrong;
    }

    private static CallError? TakeTexts(InferTensor tensor, InferTensorContents contents)
    {
        if (tensor.RequireCount(contents.BytesContents.Count) is { } wrongCount)
        {
            return wrongCount;
        }

        var texts = new string[contents.BytesContents.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            if (tensor.Read(contents.BytesContents[i].Span, i, out texts[i]) is { } error)
            {
                return error;
            }
        }

        return tensor.Take(texts);
    }

    /// <summary>Name of contents that are not of the tensor's type; null when there are none.</summary>
    private static string? Leftover(InferTensorContents contents, InferTensor tensor) =>
        contents.BoolContents.Count > 0 ? "bool_contents"
        : contents.UintContents.Count > 0 ? "uint_contents"
        : contents.Uint64Contents.Count > 0 ? "uint64_contents"
        : contents.Fp32Contents.Count > 0 ? "fp32_contents"
        : contents.Fp64Contents.Count > 0 ? "fp64_contents"
        : contents.IntContents.Count > 0 && tensor.Datatype != "INT32" ? "int_contents"
        : contents.Int64Contents.Count > 0 && tensor.Datatype != "INT64" ? "int64_contents"
        : contents.BytesContents.Count > 0 && !tensor.IsText ? "bytes_contents"
        : null;

    /// <summary>0 stands for a parameter that is not a number, which is refused as 0 is.</summary>
    private static long? Classes(ModelInferRequest.Types.InferRequestedOutputTensor output) =>
        !output.Parameters.TryGetValue(InferResponse.ClassificationParameter, out var parameter) ? null
        : parameter.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.Int64Param ? parameter.Int64Param
        : 0;

    private static CallError? Timeout(ModelInferRequest message, out long microseconds)
    {
        microseconds = 0;
        if (!message.Parameters.TryGetValue(InferRequest.TimeoutParameter, out var parameter))
        {
            return null;
        }

        microseconds = parameter.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.Int64Param => parameter.Int64Param,
            InferParameter.ParameterChoiceOneofCase.Uint64Param => (long)Math.Min(parameter.Uint64Param, long.MaxValue),
            _ => -1,
        };
        return microseconds < 0 ? InferRequest.WrongTimeout() : null;
    }
}
