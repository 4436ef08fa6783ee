using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Families;

/// <summary>DistilBERT: no token types, no pooler; head pre_classifier, ReLU, classifier.</summary>
public static class DistilBert
{
    private const string Prefix = "distilbert.";

    /// <summary>The family.</summary>
    public static readonly EncoderFamily Family = new(Read)
    {
        ModelType = "distilbert",
        ClassifierClass = "DistilBertForSequenceClassification",
        Prefix = Prefix,
        LinearNames = ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        UnusedPrefixes = ["vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "qa_outputs.", "distilbert.embeddings.position_ids",
            "embeddings.position_ids"],
    };

    /// <summary>The layout of a shape.</summary>
    public static EncoderLayout Layout(EncoderShape shape, int classes, bool sinusoidalPositions = false)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var width = shape.Width;
        var embeddings = new EmbeddingLayout
        {
            Words = new($"{Prefix}embeddings.word_embeddings.weight", shape.Vocabulary, width),
            Positions = new($"{Prefix}embeddings.position_embeddings.weight", shape.Positions, width),
            Norm = new($"{Prefix}embeddings.LayerNorm", width),
            IsSinusoidal = sinusoidalPositions,
        };
        return new EncoderLayout(shape, embeddings,
            [.. Enumerable.Range(0, shape.Blocks).Select(index => Block(shape, $"{Prefix}transformer.layer.{index}"))], null, new HeadLayout(
        [
            new(new("pre_classifier", width, width), Activation.Relu, DropsInput: false),
            new(new("classifier", classes, width), null, DropsInput: true),
        ]));
    }

    private static BlockLayout Block(EncoderShape shape, string name) => new(
        new($"{name}.attention.q_lin", shape.Width, shape.Width),
        new($"{name}.attention.k_lin", shape.Width, shape.Width),
        new($"{name}.attention.v_lin", shape.Width, shape.Width),
        new($"{name}.attention.out_lin", shape.Width, shape.Width),
        new($"{name}.sa_layer_norm", shape.Width),
        new($"{name}.ffn.lin1", shape.UpWidth, shape.Width),
        new($"{name}.ffn.lin2", shape.Width, shape.UpWidth),
        new($"{name}.output_layer_norm", shape.Width));

    // The second names are those that transformers accepts for every model.
    private static ModelConfig Read(ConfigFields fields)
    {
        var shape = new EncoderShape
        {
            Width = fields.Size("dim", "hidden_size", 768, 1 << 16),
            UpWidth = fields.Size("hidden_dim", 3072, 1 << 18),
            Blocks = fields.Size("n_layers", "num_hidden_layers", 6, 1 << 10),
            Heads = fields.Size("n_heads", "num_attention_heads", 12, 1 << 12),
            Vocabulary = fields.Size("vocab_size", 30522, 1 << 24),
            Positions = fields.Size("max_position_embeddings", 512, 1 << 20, lowest: 2),
            Activation = fields.Activation("activation"),
        };
        fields.CheckHeads(shape, "dim", "n_heads");
        return fields.Config(Family, Layout(shape, fields.Task.Labels.Count, fields.Flag("sinusoidal_pos_embds")), new DropoutRates
        {
            Hidden = fields.Share("dropout", 0.1),
            Attention = fields.Share("attention_dropout", 0.1),
            Head = fields.Share("seq_classif_dropout", 0.2),
        });
    }
}
