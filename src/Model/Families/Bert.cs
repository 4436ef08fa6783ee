using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Families;

/// <summary>BERT: token types, a pooler with tanh, head classifier.</summary>
public static class Bert
{
    private const string Prefix = "bert.";

    /// <summary>The family.</summary>
    public static readonly EncoderFamily Family = new(Read)
    {
        ModelType = "bert",
        ClassifierClass = "BertForSequenceClassification",
        Prefix = Prefix,
        LinearNames = ["query", "key", "value"],
        UnusedPrefixes = ["cls.", "qa_outputs.", "bert.embeddings.position_ids", "embeddings.position_ids"],
    };

    /// <summary>The layout of a shape.</summary>
    public static EncoderLayout Layout(EncoderShape shape, int classes, int tokenTypes = 2)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new EncoderLayout(shape, Embeddings(shape, Prefix, tokenTypes), Blocks(shape, Prefix),
            new($"{Prefix}pooler.dense", shape.Width, shape.Width),
            new HeadLayout([new(new("classifier", classes, shape.Width), null, DropsInput: true)]));
    }

    /// <summary>Embeddings named as BERT and its relatives name them.</summary>
    internal static EmbeddingLayout Embeddings(EncoderShape shape, string prefix, int tokenTypes) => new()
    {
        Words = new($"{prefix}embeddings.word_embeddings.weight", shape.Vocabulary, shape.Width),
        Positions = new($"{prefix}embeddings.position_embeddings.weight", shape.Positions, shape.Width),
        TokenTypes = new($"{prefix}embeddings.token_type_embeddings.weight", tokenTypes, shape.Width),
        Norm = new($"{prefix}embeddings.LayerNorm", shape.Width),
    };

    /// <summary>Blocks named as BERT and its relatives name them.</summary>
    internal static IReadOnlyList<BlockLayout> Blocks(EncoderShape shape, string prefix) =>
        [.. Enumerable.Range(0, shape.Blocks).Select(index => Block(shape, $"{prefix}encoder.layer.{index}"))];

    /// <summary>Sizes under the names that BERT and its relatives have for them.</summary>
    internal static EncoderShape Shape(ConfigFields fields)
    {
        if (fields.Text("position_embedding_type") is { } kind and not "absolute")
        {
            throw fields.Unsupported("position_embedding_type", $"'{kind}'", "only absolute positions are supported.");
        }

        foreach (var key in (string[])["is_decoder", "add_cross_attention"])
        {
            if (fields.Flag(key))
            {
                throw fields.Unsupported(key, "true", "decoders are not classifiers.");
            }
        }

        var shape = new EncoderShape
        {
            Width = fields.Size("hidden_size", 768, 1 << 16),
            UpWidth = fields.Size("intermediate_size", 3072, 1 << 18),
            Blocks = fields.Size("num_hidden_layers", 12, 1 << 10),
            Heads = fields.Size("num_attention_heads", 12, 1 << 12),
            Vocabulary = fields.Size("vocab_size", 30522, 1 << 24),
            Positions = fields.Size("max_position_embeddings", 512, 1 << 20, lowest: 2),
            Activation = fields.Activation("hidden_act"),
            NormEpsilon = fields.Epsilon("layer_norm_eps", 1e-12),
        };
        fields.CheckHeads(shape, "hidden_size", "num_attention_heads");
        return shape;
    }

    /// <summary>Dropout under the names that BERT and its relatives have for it.</summary>
    internal static DropoutRates Dropout(ConfigFields fields)
    {
        var hidden = fields.Share("hidden_dropout_prob", 0.1);
        return new DropoutRates
        {
            Hidden = hidden,
            Attention = fields.Share("attention_probs_dropout_prob", 0.1),
            AttentionOutput = hidden,
            Head = fields.Share("classifier_dropout", hidden),
        };
    }

    private static BlockLayout Block(EncoderShape shape, string name) => new(
        new($"{name}.attention.self.query", shape.Width, shape.Width),
        new($"{name}.attention.self.key", shape.Width, shape.Width),
        new($"{name}.attention.self.value", shape.Width, shape.Width),
        new($"{name}.attention.output.dense", shape.Width, shape.Width),
        new($"{name}.attention.output.LayerNorm", shape.Width),
        new($"{name}.intermediate.dense", shape.UpWidth, shape.Width),
        new($"{name}.output.dense", shape.Width, shape.UpWidth),
        new($"{name}.output.LayerNorm", shape.Width));

    private static ModelConfig Read(ConfigFields fields) =>
        fields.Config(Family, Layout(Shape(fields), fields.Task.Labels.Count, fields.Size("type_vocab_size", 2, 1 << 10)), Dropout(fields));
}
