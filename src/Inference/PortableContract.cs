using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>What a file of the portable contract takes: which inputs, as which integers, and the axes that it fixes.</summary>
internal sealed record PortableContract(IReadOnlyList<string> Inputs, bool TakesInt32, int? Texts, int? Tokens)
{
    private const string InputIds = "input_ids";
    private const string AttentionMask = "attention_mask";
    private const string TokenTypeIds = "token_type_ids";
    private const string Logits = "logits";

    /// <summary>The last operator set and file version that ONNX Runtime 1.31 loads.</summary>
    internal const long HighestOpset = 26, HighestIrVersion = 13;

    private static readonly string[] _known = [InputIds, AttentionMask, TokenTypeIds];

    /// <exception cref="InputException">The file is not of this contract; what it is instead and what to do are named.</exception>
    public static PortableContract Of(string path, OnnxInterface file)
    {
        CheckVersions(path, file);
        var inputs = file.Inputs;
        var names = inputs.Select(input => input.Name).ToList();
        if (!names.Contains(InputIds) || !names.Contains(AttentionMask) || names.Except(_known).Any()
            || file.Outputs.All(output => output.Name != Logits))
        {
            throw InputException.InFile(path,
                $"has inputs {string.Join(", ", names)} and outputs {string.Join(", ", file.Outputs.Select(output => output.Name))}; "
                + "expected input_ids, attention_mask and perhaps token_type_ids, and logits.",
                "export a sequence classifier, or write the file with lora-merge.");
        }

        var types = inputs.Select(input => input.Type).Distinct().ToList();
        if (types is not (["INT64"] or ["INT32"]))
        {
            throw InputException.InFile(path, $"takes {string.Join(", ", inputs.Select(input => $"{input.Name} as {input.Type}"))}; expected all "
                + "of them as INT64, or all as INT32.",
                "export it with integer inputs.");
        }

        if (file.Outputs.First(output => output.Name == Logits) is { Type: not ("FLOAT" or "FLOAT16" or "DOUBLE") } logits)
        {
            throw InputException.InFile(path, $"gives logits as {logits.Type}, expected FLOAT, FLOAT16 or DOUBLE.",
                "cast them in the graph, or export it in another precision.");
        }

        if (file.BatchDependent.Count > 0)
        {
            throw InputException.InFile(path,
                "is quantised so that a text's answer depends on what it is batched with: "
                    + $"{string.Join(", ", file.BatchDependent.Select(op => $"{op.Value} nodes {op.Key}"))} round all texts of a batch with one "
                    + "scale.",
                "serve the fp32 file, with --precision int8 where it should be fast: that form rounds each text by itself; "
                + "or quantise it statically.");
        }

        return new PortableContract([.. _known.Where(names.Contains)], types[0] == "INT32", Fixed(path, inputs, 0), Fixed(path, inputs, 1));
    }

    private static void CheckVersions(string path, OnnxInterface file)
    {
        if (file.IrVersion > HighestIrVersion)
        {
            throw InputException.InFile(path,
                $"is of ONNX file version {file.IrVersion} (ir_version); this ONNX Runtime reads up to {HighestIrVersion}.",
                "export it with an older onnx package.");
        }

        if (file.Opset > HighestOpset)
        {
            throw InputException.InFile(path, $"uses operator set {file.Opset}; this ONNX Runtime knows up to {HighestOpset}.",
                $"export it with opset {OnnxModelFile.DefaultOpset}.");
        }
    }

    /// <summary>The length at which all inputs fix an axis, or null where it is free.</summary>
    private static int? Fixed(string path, IReadOnlyList<OnnxValue> inputs, int axis)
    {
        if (inputs.FirstOrDefault(input => input.Axes.Count != 2) is { } other)
        {
            throw InputException.InFile(path, $"takes {other.Name} with {other.Axes.Count} axes, expected 2: texts and tokens.",
                "export a sequence classifier, or write the file with lora-merge.");
        }

        var lengths = inputs.Select(input => input.Axes[axis]).Distinct().ToList();
        if (lengths is [var length] && length is null or (> 0 and <= 1 << 20))
        {
            return (int?)length;
        }

        var found = lengths.Select(each => each?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no length");
        throw InputException.InFile(path, $"fixes axis {axis} of its inputs at {string.Join(", ", found)}, expected one length for all.",
            "export it with dynamic axes, or fix all inputs alike.");
    }
}
