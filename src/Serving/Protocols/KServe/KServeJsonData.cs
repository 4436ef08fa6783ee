using System.Text.Json;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Transports.Http;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>The <c>data</c> of a tensor: its elements in one flat list, or nested exactly as its shape says.</summary>
internal ref struct KServeJsonData
{
    private readonly InferTensor _tensor;
    private readonly string[] _texts;
    private readonly long[] _integers;
    private int _count;

    private KServeJsonData(InferTensor tensor)
    {
        _tensor = tensor;
        _texts = tensor.IsText ? new string[tensor.Count] : [];
        _integers = tensor.IsText ? [] : new long[tensor.Count];
    }

    /// <summary>Reads the elements into the tensor; the reader stands at the start of the data.</summary>
    public static CallError? Read(ref Utf8JsonReader reader, InferTensor tensor)
    {
        var data = new KServeJsonData(tensor);
        var nested = reader;
        var isNested = reader.TokenType == JsonTokenType.StartArray && nested.Read() && nested.TokenType == JsonTokenType.StartArray;
        return (isNested ? data.Nested(ref reader, 0) : data.Flat(ref reader))
            ?? (tensor.IsText ? tensor.Take(data._texts) : tensor.Take(data._integers));
    }

    private CallError? Flat(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return _tensor.Wrong($"has data that is {JsonBody.Kind(reader)}, expected a list.");
        }

        var count = 0L;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            count++;
            if (count > _tensor.Count)
            {
                reader.Skip(); // counted, so that the caller learns how many there are
            }
            else if (Element(ref reader) is { } error)
            {
                return error;
            }
        }

        return _tensor.RequireCount(count);
    }

    private CallError? Nested(ref Utf8JsonReader reader, int level)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Ragged($"{JsonBody.Kind(reader)} where level {level} has a list");
        }

        var count = 0L;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++count > _tensor.Shape[level])
            {
                return Ragged($"more than {_tensor.Shape[level]} at level {level}");
            }

            if ((level == _tensor.Shape.Count - 1 ? Element(ref reader) : Nested(ref reader, level + 1)) is { } error)
            {
                return error;
            }
        }

        return count == _tensor.Shape[level] ? null : Ragged($"{count} at level {level}");
    }

    private CallError Ragged(string what) => _tensor.Wrong($"has nested data that is not of its shape {_tensor.ShapeText}: {what}.");

    private CallError? Element(ref Utf8JsonReader reader)
    {
        if (_tensor.IsText)
        {
            var input = JsonBody.Input(ref reader, _tensor.Field);
            _texts[_count++] = input.Text ?? "";
            return input.Error is null ? null : _tensor.Wrong($"element {_count - 1} {input.Error.Message[(_tensor.Field.Length + 2)..]}");
        }

        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number)
            || (_tensor.Width == sizeof(int) && number != (int)number))
        {
            return _tensor.Wrong($"element {_count} is not of {_tensor.Datatype}.");
        }

        _integers[_count++] = number;
        return null;
    }
}
