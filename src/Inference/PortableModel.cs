using LoraOnnx.Graph;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>
/// An ONNX file of the portable contract (<c>input_ids</c> and <c>attention_mask</c> in, <c>logits</c> out), run as every other ONNX Runtime program
/// runs it: the batch is padded to its longest text, or to the length that the file fixes. Runs may be called concurrently.
/// </summary>
public sealed class PortableModel : ITokenModel
{
    private readonly InferenceSession _session;
    private readonly PortableContract _contract;
    private readonly string[] _inputs;
    private readonly OrtLoraAdapter? _adapter;

    private PortableModel(InferenceSession session, PortableContract contract, OrtLoraAdapter? adapter = null)
    {
        (_session, _contract, _adapter) = (session, contract, adapter);
        _inputs = [.. contract.Inputs];
    }

    /// <summary>Tokens of the longest text where the file fixes its length; null where it doesn't.</summary>
    public int? MaxTokens => _contract.Tokens;

    /// <summary>Loads a file.</summary>
    /// <exception cref="InputException">The file is missing, is not an ONNX model, or has other inputs or outputs.</exception>
    public static PortableModel Open(string path, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, "no such file.", "lora-merge writes one: lora-merge --model MODEL --out model.onnx.");
        }

        return Open(OnnxModel.Read(path), path, options);
    }

    /// <summary>Loads a file that takes adapters, with one of ONNX Runtime's adapter files (<c>.onnx_adapter</c>) active in every run.</summary>
    /// <exception cref="InputException">A file is missing or not of its kind.</exception>
    public static PortableModel OpenWithAdapter(string path, string adapter, InferenceOptions options)
    {
        var model = Open(path, options);
        try
        {
            return new PortableModel(model._session, model._contract, OrtLoraAdapter.Create(adapter, null)); // on a CPU there is no allocator
        }
        catch (OnnxRuntimeException failure)
        {
            model.Dispose();
            throw InputException.InFile(adapter, $"ONNX Runtime cannot load it: {OneLine(failure.Message)}", "write it again with lora-merge.",
                failure);
        }
    }

    /// <summary>Loads a model that was read; <paramref name="name"/> stands for it in messages.</summary>
    internal static PortableModel Open(OnnxModel model, string name, InferenceOptions options) =>
        Open(model.ToBytes(), model.Interface, name, options);

    /// <summary>Loads a model made in memory.</summary>
    internal static PortableModel Open(byte[] model, OnnxInterface description, string name, InferenceOptions options)
    {
        var contract = PortableContract.Of(name, description);
        using var settings = RuntimeDevice.CreateSettings(options);
        try
        {
            return new PortableModel(new InferenceSession(model, settings), contract);
        }
        catch (OnnxRuntimeException failure)
        {
            throw InputException.InFile(name, $"ONNX Runtime cannot load it: {OneLine(failure.Message)}",
                "the file is damaged or uses operators that this ONNX Runtime has not; write it again with lora-merge.", failure);
        }
    }

    /// <summary>Logits [texts][labels] of texts given as token ids, as one batch padded to the longest.</summary>
    public float[][] Run(IReadOnlyList<int[]> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var logits = new TextLogits();
        logits.Begin(batch.Count);
        if (batch.Count > 0)
        {
            Run([.. batch.Select(ids => (ReadOnlyMemory<int>)ids)], batch.Max(ids => ids.Length), logits, [.. Enumerable.Range(0, batch.Count)],
                cancellationToken);
        }

        return logits.ToRows();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _adapter?.Dispose();
    }

    void ITokenModel.Run(
        ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken) =>
        Run(batch, width, logits, places, cancellationToken);

    private void Run(
        ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken)
    {
        foreach (var ids in batch)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Length, _contract.Tokens ?? int.MaxValue, nameof(batch));
        }

        var most = _contract.Texts ?? batch.Length;
        for (var from = 0; from < batch.Length; from += most)
        {
            var count = Math.Min(most, batch.Length - from);
            using var layout = PaddedLayout.Rent(batch.Slice(from, count), width, _contract);
            SessionRun.LogitsOfRows(_session, _inputs, layout.CreateValues(), most, logits, places.Slice(from, count), _adapter, cancellationToken);
        }
    }

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ");
        return line.Length <= 200 ? line : line[..200] + "...";
    }
}
