using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>An input tensor of a request: checked shape, data from <c>contents</c> or <c>raw_input_contents</c>.</summary>
internal sealed class KServeTensor
{
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ModelInferRequest.Types.InferInputTensor _tensor;
    private readonly ByteString? _raw;
    private readonly string _field;

    /// <param name="request">The request; its raw contents, if any, are as many as its inputs.</param>
    /// <param name="index">Which of its inputs.</param>
    /// <param name="mostElements">Most elements taken; more are refused before they are read.</param>
    /// <exception cref="RpcException">The tensor is malformed.</exception>
    public KServeTensor(ModelInferRequest request, int index, long mostElements)
    {
        _tensor = request.Inputs[index];
        _field = $"inputs[{index}]";
        if (request.RawInputContents.Count > 0)
        {
            _raw = request.RawInputContents[index];
            if (_tensor.Contents is not null)
            {
                throw Wrong("has contents beside raw_input_contents.");
            }
        }

        Count = 1;
        foreach (var extent in _tensor.Shape)
        {
            if (extent < 0 || extent > mostElements || (Count *= extent) > mostElements)
            {
                throw Wrong($"is [{string.Join(", ", _tensor.Shape)}]; at most {mostElements} elements are taken.");
            }
        }
    }

    public string Name => _tensor.Name;

    public string Datatype => _tensor.Datatype;

    public IReadOnlyList<long> Shape => _tensor.Shape;

    /// <summary>Elements that the shape stands for.</summary>
    public long Count { get; }

    /// <summary>An error that names the tensor.</summary>
    public RpcException Wrong(string message) => CallError.Invalid(_field, $"'{_tensor.Name}' {message}").ToRpcException();

    /// <summary>The elements of a BYTES tensor as texts.</summary>
    public string[] ReadTexts()
    {
        Require("BYTES");
        IReadOnlyList<ByteString> elements = _raw is null ? _tensor.Contents?.BytesContents ?? [] : ReadElements(_raw);
        RequireCount(elements.Count);
        var texts = new string[elements.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            try
            {
                texts[i] = _strictUtf8.GetString(elements[i].Span);
            }
            catch (DecoderFallbackException)
            {
                throw Wrong($"element {i} is not UTF-8.");
            }
        }

        return texts;
    }

    /// <summary>The elements of an INT64 tensor.</summary>
    public long[] ReadInt64()
    {
        Require("INT64");
        if (_raw is null)
        {
            RequireCount(_tensor.Contents?.Int64Contents.Count ?? 0);
            return [.. _tensor.Contents?.Int64Contents ?? []];
        }

        if (_raw.Length != Count * sizeof(long))
        {
            throw Wrong($"has {_raw.Length} bytes; its shape [{string.Join(", ", Shape)}] needs {Count * sizeof(long)}.");
        }

        var values = new long[Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(_raw.Span[(i * sizeof(long))..]);
        }

        return values;
    }

    /// <summary>Raw BYTES elements: each a length of four bytes, little-endian, and so many bytes.</summary>
    private List<ByteString> ReadElements(ByteString raw)
    {
        var elements = new List<ByteString>();
        var at = 0;
        while (at < raw.Length)
        {
            var length = raw.Length - at >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(raw.Span[at..]) : uint.MaxValue;
            at += sizeof(uint);
            if (length > raw.Length - at)
            {
                throw Wrong($"is not a sequence of lengths and bytes: it breaks off in element {elements.Count}.");
            }

            elements.Add(UnsafeByteOperations.UnsafeWrap(raw.Memory.Slice(at, (int)length)));
            at += (int)length;
        }

        return elements;
    }

    private void Require(string datatype)
    {
        if (Datatype != datatype)
        {
            throw Wrong($"is {Datatype}, expected {datatype}.");
        }
    }

    private void RequireCount(long count)
    {
        if (count != Count)
        {
            throw Wrong($"has {count} elements; its shape [{string.Join(", ", Shape)}] needs {Count}.");
        }
    }
}
