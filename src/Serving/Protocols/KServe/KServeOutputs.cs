using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>Writes the outputs that a request asks for, in the form (raw or contents) that its inputs have.</summary>
internal sealed class KServeOutputs
{
    public const string Logits = "logits";
    public const string Scores = "scores";
    public const string Label = "label";

    /// <summary>Of a requested output: give the best N classes as "value:index:label" texts instead of the numbers.</summary>
    private const string ClassificationParameter = "classification";

    private static readonly string[] _all = [Logits, Scores, Label];

    private readonly ServedModel _model;
    private readonly bool _raw;
    private readonly (string Name, int Classes)[] _wanted;

    /// <summary>Reads which outputs are wanted; none named: all.</summary>
    /// <exception cref="RpcException">An output is not known.</exception>
    public KServeOutputs(ModelInferRequest request, ServedModel model)
    {
        _model = model;
        _raw = request.RawInputContents.Count > 0;
        _wanted = request.Outputs.Count == 0 ? [.. _all.Select(name => (name, 0))] : [.. request.Outputs.Select((output, index) => (output.Name, ReadClasses(output, $"outputs[{index}]")))];
    }

    /// <summary>Answers rows in their order.</summary>
    public ModelInferResponse Write(string id, IReadOnlyList<Classification> rows)
    {
        var response = new ModelInferResponse { ModelName = _model.Name, ModelVersion = _model.Version, Id = id };
        var scores = rows.Select(row => _model.Calibration.Scores(row.Logits, _model.Description.Task.ProblemType)).ToArray();
        foreach (var (name, classes) in _wanted)
        {
            if (name == Label)
            {
                WriteTexts(response, name, [rows.Count, 1], scores.Select(row => _model.Description.Task.Labels[_model.Calibration.Predict(row)]));
            }
            else
            {
                float[][] values = name == Logits ? [.. rows.Select(row => row.Logits)] : Array.ConvertAll(scores, row => Array.ConvertAll(row, score => (float)score));
                if (classes > 0)
                {
                    WriteTexts(response, name, [rows.Count, classes], values.SelectMany(row => Best(row, classes)));
                }
                else
                {
                    WriteNumbers(response, name, values);
                }
            }
        }

        return response;
    }

    /// <summary>The raw form of a BYTES tensor: each text's length in four bytes, little-endian, and its UTF-8.</summary>
    public static ByteString RawTexts(IEnumerable<string> texts)
    {
        using var bytes = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        foreach (var utf8 in texts.Select(Encoding.UTF8.GetBytes))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)utf8.Length);
            bytes.Write(length);
            bytes.Write(utf8);
        }

        return UnsafeByteOperations.UnsafeWrap(bytes.ToArray());
    }

    private int ReadClasses(ModelInferRequest.Types.InferRequestedOutputTensor output, string field)
    {
        if (Array.IndexOf(_all, output.Name) < 0)
        {
            throw CallError.Invalid(field, $"there is no output '{output.Name}'; there are {string.Join(", ", _all)}.").ToRpcException();
        }

        var labels = _model.Description.Task.Labels.Count;
        return !output.Parameters.TryGetValue(ClassificationParameter, out var parameter) ? 0
            : output.Name == Label ? throw CallError.Invalid(field, $"'{Label}' holds no numbers to rank; ask for {Scores} or {Logits}.").ToRpcException()
            : parameter.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.Int64Param && parameter.Int64Param > 0 ? (int)Math.Min(parameter.Int64Param, labels)
            : throw CallError.Invalid(field, $"'{ClassificationParameter}' is the number of classes to return, an int64 of at least 1.").ToRpcException();
    }

    private IEnumerable<string> Best(float[] values, int classes) => values
        .Select((value, index) => (value, index))
        .OrderByDescending(entry => entry.value)
        .Take(classes)
        .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.value:f6}:{entry.index}:{_model.Description.Task.Labels[entry.index]}"));

    private void WriteNumbers(ModelInferResponse response, string name, float[][] rows)
    {
        var output = Add(response, name, "FP32", [rows.Length, _model.Description.Task.Labels.Count]);
        if (!_raw)
        {
            output.Contents = new InferTensorContents();
            output.Contents.Fp32Contents.AddRange(rows.SelectMany(row => row));
            return;
        }

        var bytes = new byte[rows.Sum(row => row.Length) * sizeof(float)];
        var at = 0;
        foreach (var value in rows.SelectMany(row => row))
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), value);
            at += sizeof(float);
        }

        response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(bytes));
    }

    private void WriteTexts(ModelInferResponse response, string name, long[] shape, IEnumerable<string> texts)
    {
        var output = Add(response, name, "BYTES", shape);
        if (!_raw)
        {
            output.Contents = new InferTensorContents();
            output.Contents.BytesContents.AddRange(texts.Select(ByteString.CopyFromUtf8));
            return;
        }

        response.RawOutputContents.Add(RawTexts(texts));
    }

    private static ModelInferResponse.Types.InferOutputTensor Add(ModelInferResponse response, string name, string datatype, long[] shape)
    {
        var output = new ModelInferResponse.Types.InferOutputTensor { Name = name, Datatype = datatype, Shape = { shape } };
        response.Outputs.Add(output);
        return output;
    }
}
