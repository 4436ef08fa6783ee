using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>Logits [texts][labels]; a text's are the same whatever it is batched with. May be called by several threads at once.</summary>
public delegate float[][] RunTexts(IReadOnlyList<EncodedText> batch, CancellationToken cancellationToken);
