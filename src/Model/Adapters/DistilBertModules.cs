using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Adapters;

/// <summary>Names of all modules of DistilBertForSequenceClassification that hold weights, containers included, as <c>named_modules()</c> gives them.</summary>
internal static class DistilBertModules
{
    private static readonly string[] _layerParts = ["attention", "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn", "ffn.lin1", "ffn.lin2", "output_layer_norm"];

    public static IEnumerable<string> Names(DistilBertConfig config)
    {
        yield return "distilbert";
        yield return "distilbert.embeddings";
        yield return DistilBertTensors.WordEmbeddings;
        yield return DistilBertTensors.PositionEmbeddings;
        yield return DistilBertTensors.EmbeddingNorm;
        yield return "distilbert.transformer";
        yield return "distilbert.transformer.layer";
        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            var prefix = DistilBertTensors.Layer(layer);
            yield return prefix;
            foreach (var part in _layerParts)
            {
                yield return $"{prefix}.{part}";
            }
        }

        yield return DistilBertTensors.PreClassifier;
        yield return DistilBertTensors.Classifier;
    }
}
