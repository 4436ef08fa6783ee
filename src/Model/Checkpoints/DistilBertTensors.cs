using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A tensor that a checkpoint must have: its key and the shape that config.json implies.</summary>
public readonly record struct TensorSpec(string Key, int Rows, int? Columns)
{
    /// <summary>Axis lengths: [rows, columns], or [rows] for biases and layer norms.</summary>
    public IReadOnlyList<int> Shape => Columns is { } columns ? [Rows, columns] : [Rows];
}

/// <summary>The keys of DistilBertForSequenceClassification, in the order in which transformers lists them. Module names are the keys without <c>.weight</c>.</summary>
public static class DistilBertTensors
{
    /// <summary>What the body's keys start with in a classifier checkpoint; body-only checkpoints leave it out.</summary>
    public const string BodyPrefix = "distilbert.";

    /// <summary>Module of the word embedding [vocabulary, width].</summary>
    public const string WordEmbeddings = "distilbert.embeddings.word_embeddings";

    /// <summary>Module of the position embedding [positions, width].</summary>
    public const string PositionEmbeddings = "distilbert.embeddings.position_embeddings";

    /// <summary>Module of the layer norm after the embeddings.</summary>
    public const string EmbeddingNorm = "distilbert.embeddings.LayerNorm";

    /// <summary>Module of the head's first linear layer [width, width].</summary>
    public const string PreClassifier = "pre_classifier";

    /// <summary>Module of the head's last linear layer [labels, width].</summary>
    public const string Classifier = "classifier";

    /// <summary>The four tensors of the head.</summary>
    public static readonly IReadOnlyList<string> HeadKeys = ["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"];

    /// <summary>The six linear modules of a layer, named as in the checkpoint.</summary>
    public static readonly IReadOnlyList<string> LayerLinears = ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2"];

    /// <summary>What the keys of all layers start with.</summary>
    public const string LayerPrefix = "distilbert.transformer.layer.";

    /// <summary>Module prefix of a layer, without a trailing dot.</summary>
    public static string Layer(int layer) => $"{LayerPrefix}{layer}";

    /// <summary>Every linear module with its [out, in] shape: the layers' in order, then the head's.</summary>
    public static IEnumerable<(string Module, int Out, int In)> LinearModules(DistilBertConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            foreach (var name in LayerLinears)
            {
                yield return ($"{Layer(layer)}.{name}",
                    name == "ffn.lin1" ? config.FeedForwardWidth : config.Width,
                    name == "ffn.lin2" ? config.FeedForwardWidth : config.Width);
            }
        }

        yield return (PreClassifier, config.Width, config.Width);
        yield return (Classifier, config.Task.Labels.Count, config.Width);
    }

    /// <summary>Every tensor of the classifier, the head last.</summary>
    public static IEnumerable<TensorSpec> All(DistilBertConfig config) => Body(config).Concat(Head(config));

    /// <summary>The tensors of the body.</summary>
    public static IEnumerable<TensorSpec> Body(DistilBertConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        yield return new($"{WordEmbeddings}.weight", config.VocabularySize, config.Width);
        yield return new($"{PositionEmbeddings}.weight", config.MaxPositions, config.Width);
        foreach (var spec in Norm(EmbeddingNorm, config.Width))
        {
            yield return spec;
        }

        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            var prefix = Layer(layer);
            foreach (var name in (string[])["q_lin", "k_lin", "v_lin", "out_lin"])
            {
                yield return new($"{prefix}.attention.{name}.weight", config.Width, config.Width);
                yield return new($"{prefix}.attention.{name}.bias", config.Width, null);
            }

            foreach (var spec in Norm($"{prefix}.sa_layer_norm", config.Width))
            {
                yield return spec;
            }

            yield return new($"{prefix}.ffn.lin1.weight", config.FeedForwardWidth, config.Width);
            yield return new($"{prefix}.ffn.lin1.bias", config.FeedForwardWidth, null);
            yield return new($"{prefix}.ffn.lin2.weight", config.Width, config.FeedForwardWidth);
            yield return new($"{prefix}.ffn.lin2.bias", config.Width, null);
            foreach (var spec in Norm($"{prefix}.output_layer_norm", config.Width))
            {
                yield return spec;
            }
        }
    }

    /// <summary>The tensors of the head.</summary>
    public static IEnumerable<TensorSpec> Head(DistilBertConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return
        [
            new("pre_classifier.weight", config.Width, config.Width),
            new("pre_classifier.bias", config.Width, null),
            new("classifier.weight", config.Task.Labels.Count, config.Width),
            new("classifier.bias", config.Task.Labels.Count, null),
        ];
    }

    private static TensorSpec[] Norm(string module, int width) => [new($"{module}.weight", width, null), new($"{module}.bias", width, null)];
}
