using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>
/// An ONNX file of the portable contract (<c>input_ids</c> and <c>attention_mask</c> in, <c>logits</c> out), run as every other ONNX Runtime program runs it:
/// the batch is padded to its longest text. Runs may be called concurrently.
/// </summary>
public sealed class PortableModel : ITokenModel
{
    private const string InputIds = "input_ids";
    private const string AttentionMask = "attention_mask";
    private const string TokenTypeIds = "token_type_ids";
    private const string Logits = "logits";

    private readonly InferenceSession _session;
    private readonly string[] _inputs;

    private PortableModel(InferenceSession session, string path)
    {
        _session = session;
        _inputs = session.InputMetadata.ContainsKey(TokenTypeIds) ? [InputIds, AttentionMask, TokenTypeIds] : [InputIds, AttentionMask];
        CheckContract(path);
    }

    /// <summary>Loads a file.</summary>
    /// <exception cref="InputException">The file is missing, is not an ONNX model, or has other inputs or outputs.</exception>
    public static PortableModel Open(string path, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, "no such file.", "lora-merge writes one: lora-merge --model MODEL --out model.onnx.");
        }

        ForeignFile.Require(path);
        using var settings = RuntimeDevice.CreateSettings(options);
        return Open(path, () => new InferenceSession(path, settings));
    }

    /// <summary>Loads a model from memory; <paramref name="name"/> stands for it in messages.</summary>
    internal static PortableModel Open(byte[] model, string name, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options);
        return Open(name, () => new InferenceSession(model, settings));
    }

    /// <summary>Logits [texts][labels] of texts given as token ids, as one batch padded to the longest.</summary>
    public float[][] Run(IReadOnlyList<int[]> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Count == 0 ? [] : Run(batch, batch.Max(ids => ids.Length), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    float[][] ITokenModel.Run(IReadOnlyList<int[]> batch, int width, CancellationToken cancellationToken) => Run(batch, width, cancellationToken);

    private float[][] Run(IReadOnlyList<int[]> batch, int width, CancellationToken cancellationToken)
    {
        using var layout = new PaddedLayout(batch, width, _inputs.Length);
        return SessionRun.Logits(_session, _inputs, layout.CreateValues(), batch.Count, cancellationToken);
    }

    private static PortableModel Open(string path, Func<InferenceSession> open)
    {
        InferenceSession? session = null;
        try
        {
            session = open();
            return new PortableModel(session, path);
        }
        catch (OnnxRuntimeException failure)
        {
            session?.Dispose();
            throw InputException.InFile(path, $"ONNX Runtime cannot load it: {OneLine(failure.Message)}",
                "the file is damaged or not an ONNX model; write it again with lora-merge.", failure);
        }
        catch (InputException)
        {
            session?.Dispose();
            throw;
        }
    }

    private void CheckContract(string path)
    {
        string[] known = [InputIds, AttentionMask, TokenTypeIds];
        var inputs = _session.InputMetadata;
        if (!inputs.ContainsKey(InputIds) || !inputs.ContainsKey(AttentionMask) || inputs.Keys.Any(input => !known.Contains(input))
            || inputs.Values.Any(input => input.ElementType != typeof(long)) || !_session.OutputMetadata.ContainsKey(Logits))
        {
            throw InputException.InFile(path,
                $"has inputs {string.Join(", ", inputs.Keys)} and outputs {string.Join(", ", _session.OutputMetadata.Keys)}; expected int64 input_ids and attention_mask, and logits.",
                "export a sequence classifier, or write the file with lora-merge.");
        }
    }

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ");
        return line.Length <= 200 ? line : line[..200] + "...";
    }
}
