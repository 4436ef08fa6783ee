using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>From tensors to what there is to classify: texts, or token ids that the client made itself.</summary>
internal static class InferInputs
{
    public const string Text = "TEXT";
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";
    public const string TokenTypeIds = "token_type_ids";

    /// <summary>
    /// The rows, or what is wrong: not <c>TEXT</c> (any single BYTES input is taken for it) nor <c>input_ids</c> with what may stand beside them.
    /// </summary>
    public static CallResult<CallInput[]> Read(InferRequest request, int mostTexts)
    {
        if (request.Inputs is [{ IsText: true } text])
        {
            return text.Count > mostTexts
                ? TooMany(text, text.Count, mostTexts)
                : text.Texts.Select(element => new CallInput(text.Field, element)).ToArray();
        }

        var ids = request.Inputs.Find(tensor => tensor.Name == InputIds);
        var mask = request.Inputs.Find(tensor => tensor.Name == AttentionMask);
        var types = request.Inputs.Find(tensor => tensor.Name == TokenTypeIds);
        if (ids is null || request.Inputs.Count != 1 + (mask is null ? 0 : 1) + (types is null ? 0 : 1))
        {
            return CallError.Invalid("inputs", $"are {(request.Inputs.Count == 0
                ? "none"
                : string.Join(", ", request.Inputs.Select(tensor => CallError.Shown(tensor.Name))))}; "
                + $"expected {Text} (BYTES), or {InputIds} (INT64 or INT32) with or without {AttentionMask} and {TokenTypeIds}.");
        }

        return ReadIds(ids, mask, types, mostTexts);
    }

    private static CallResult<CallInput[]> ReadIds(InferTensor ids, InferTensor? mask, InferTensor? types, int mostTexts)
    {
        if (ids.IsText)
        {
            return ids.Wrong("is BYTES, expected INT64 or INT32.");
        }

        var (texts, width) = (ids.Shape[0], ids.Shape[1]);
        if (texts > mostTexts)
        {
            return TooMany(ids, texts, mostTexts);
        }

        foreach (var beside in (InferTensor?[])[mask, types])
        {
            if (beside is not null && (beside.IsText || !beside.Shape.SequenceEqual(ids.Shape)))
            {
                return beside.Wrong($"is {beside.Datatype} {beside.ShapeText}, expected integers of [{texts}, {width}] as {InputIds}.");
            }
        }

        if (types is not null && types.Integers.AsSpan().ContainsAnyExcept(0))
        {
            return types.Wrong("holds other numbers than 0: the models of this server classify single texts, whose tokens are all of type 0.");
        }

        var rows = new CallInput[texts];
        for (var row = 0; row < texts; row++)
        {
            var range = new Range(row * (int)width, (row + 1) * (int)width);
            var length = mask is null ? (int)width : RealLength(mask.Integers.AsSpan(range));
            if (length == 0)
            {
                return mask!.Wrong($"row {row} is not ones followed by zeros, at least one 1."); // without a mask the length is the width
            }

            // -1 is in no vocabulary.
            var tokens = Array.ConvertAll(ids.Integers[range][..length], id => id is >= 0 and <= int.MaxValue ? (int)id : -1);
            rows[row] = new CallInput(ids.Field, null, new EncodedText(tokens, length));
        }

        return rows;
    }

    /// <summary>
    /// 0 when it is not a mask. Padding stands at the end: positions count from the first token, so padding at the start would give other scores than
    /// the model's.
    /// </summary>
    private static int RealLength(ReadOnlySpan<long> row)
    {
        var length = row.IndexOfAnyExcept(1);
        length = length < 0 ? row.Length : length;
        return row[length..].ContainsAnyExcept(0) ? 0 : length;
    }

    private static CallError TooMany(InferTensor tensor, long texts, int mostTexts) => CallError.OverLimit(
        tensor.Field, $"'{CallError.Shown(tensor.Name)}' has {texts} texts; at most {mostTexts} are taken in one call (--max-batch-texts).");
}
