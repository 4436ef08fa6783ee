using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>A classifier on ONNX Runtime: token ids in, logits out. Merge's proof, Serving and Evaluation share it. Runs may be called concurrently.</summary>
public sealed class TextClassifier : IDisposable
{
    /// <summary>Loads an ONNX file, or the model.onnx of a directory, with the config.json and tokenizer files beside it, and runs it once.</summary>
    /// <exception cref="LoraOnnx.Model.InputException">A file is missing, malformed, or not of this contract.</exception>
    public static TextClassifier Load(string path, InferenceOptions options) => throw new NotImplementedException(path);

    /// <summary>Makes a classifier from weights in memory, with the tokenizer of <paramref name="tokenizerDirectory"/>; the same numbers as its written file would give.</summary>
    public static TextClassifier FromWeights(ModelWeights weights, string tokenizerDirectory, InferenceOptions options) => throw new NotImplementedException();

    /// <summary>What is known of the model.</summary>
    public ModelDescription Model => throw new NotImplementedException();

    /// <summary>The tokenizer that made the model's training ids.</summary>
    public WordPieceTokenizer Tokenizer => throw new NotImplementedException();

    /// <summary>Logits [texts][labels]. Bit-equal for a text whatever it is batched with.</summary>
    public float[][] Run(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
