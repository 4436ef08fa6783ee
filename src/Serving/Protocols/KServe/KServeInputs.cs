using Grpc.Core;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>What a request asks to classify: texts, or token ids that the client made itself. Exactly one of the two is set.</summary>
internal sealed record KServeInputs(string[]? Texts, EncodedText[]? Ids)
{
    public const string Text = "TEXT";
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";

    public int Count => Texts?.Length ?? Ids!.Length; // one of the two is set

    /// <exception cref="RpcException">The inputs are not <c>TEXT</c> (any single BYTES input is taken for it) or <c>input_ids</c> with or without <c>attention_mask</c>.</exception>
    public static KServeInputs Read(ModelInferRequest request, ServedModel model, ServingOptions options)
    {
        if (request.RawInputContents.Count is not 0 and var raw && raw != request.Inputs.Count)
        {
            throw CallError.Invalid("raw_input_contents", $"has {raw} tensors for {request.Inputs.Count} inputs.").ToRpcException();
        }

        var mostElements = (long)options.MaxBatchTexts * model.Description.Config.MaxTokens;
        var tensors = request.Inputs.Select((_, index) => new KServeTensor(request, index, mostElements)).ToArray();

        if (tensors is [{ Datatype: "BYTES" } text])
        {
            return new KServeInputs(ReadTexts(text, options), null);
        }

        var ids = Array.Find(tensors, tensor => tensor.Name == InputIds);
        var mask = Array.Find(tensors, tensor => tensor.Name == AttentionMask);
        if (ids is null || tensors.Length != (mask is null ? 1 : 2))
        {
            throw CallError.Invalid("inputs", $"are {(tensors.Length == 0 ? "none" : string.Join(", ", tensors.Select(tensor => tensor.Name)))}; "
                + $"expected {Text} (BYTES), or {InputIds} (INT64) with or without {AttentionMask} (INT64).").ToRpcException();
        }

        return new KServeInputs(null, ReadIds(ids, mask, model, options));
    }

    private static string[] ReadTexts(KServeTensor tensor, ServingOptions options)
    {
        if (tensor.Shape is not ([_] or [_, 1]))
        {
            throw tensor.Wrong($"is [{string.Join(", ", tensor.Shape)}], expected [texts] or [texts, 1].");
        }

        return tensor.Count <= options.MaxBatchTexts ? tensor.ReadTexts() : throw TooMany(tensor, tensor.Count, options);
    }

    private static EncodedText[] ReadIds(KServeTensor tensor, KServeTensor? mask, ServedModel model, ServingOptions options)
    {
        var config = model.Description.Config;
        if (tensor.Shape is not [var texts, var width] || width < 1 || width > config.MaxTokens)
        {
            throw tensor.Wrong($"is [{string.Join(", ", tensor.Shape)}], expected [texts, 1 to {config.MaxTokens} tokens].");
        }

        if (texts > options.MaxBatchTexts)
        {
            throw TooMany(tensor, texts, options);
        }

        if (mask is not null && !mask.Shape.SequenceEqual(tensor.Shape))
        {
            throw mask.Wrong($"is [{string.Join(", ", mask.Shape)}], expected [{texts}, {width}] as {InputIds}.");
        }

        var ids = tensor.ReadInt64();
        var wrong = Array.FindIndex(ids, id => id < 0 || id >= config.Shape.Vocabulary);
        if (wrong >= 0)
        {
            throw tensor.Wrong($"holds {ids[wrong]}; expected 0 to {config.Shape.Vocabulary - 1}.");
        }

        var real = mask?.ReadInt64();
        return [.. Enumerable.Range(0, (int)texts).Select(text =>
        {
            var length = real is null ? (int)width : RealLength(mask!, real.AsSpan(text * (int)width, (int)width), text); // real comes from mask
            var row = Array.ConvertAll(ids[(text * (int)width)..(text * (int)width + length)], id => (int)id);
            return new EncodedText(row, row.Length);
        })];
    }

    /// <summary>Padding stands at the end: positions count from the first token, so padding at the start would give other scores than the model's.</summary>
    private static int RealLength(KServeTensor mask, ReadOnlySpan<long> row, int text)
    {
        var length = row.IndexOfAnyExcept(1);
        length = length < 0 ? row.Length : length;
        return length > 0 && row[length..].IndexOfAnyExcept(0) < 0 ? length : throw mask.Wrong($"row {text} is not ones followed by zeros, at least one 1.");
    }

    private static RpcException TooMany(KServeTensor tensor, long texts, ServingOptions options) =>
        tensor.Wrong($"has {texts} texts; at most {options.MaxBatchTexts} are taken in one call (--max-batch-texts).");
}
