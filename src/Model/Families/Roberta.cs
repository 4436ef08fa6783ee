using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Families;

/// <summary>RoBERTa, and XLM-RoBERTa, which is the same with another tokenizer: positions from pad + 1 over tokens that are not pad; no pooler; head
/// dense, tanh, out_proj.</summary>
public static class Roberta
{
    private const string Prefix = "roberta.";

    private static readonly string[] _unused =
        ["lm_head.", "qa_outputs.", "roberta.pooler.", "pooler.", "roberta.embeddings.position_ids", "embeddings.position_ids"];

    /// <summary>RoBERTa.</summary>
    public static readonly EncoderFamily Family = new(fields => Read(fields, Family!)) // there when it is called
    {
        ModelType = "roberta",
        ClassifierClass = "RobertaForSequenceClassification",
        Prefix = Prefix,
        LinearNames = Bert.Family.LinearNames,
        UnusedPrefixes = _unused,
    };

    /// <summary>XLM-RoBERTa.</summary>
    public static readonly EncoderFamily XlmFamily = Family with
    {
        ModelType = "xlm-roberta",
        ClassifierClass = "XLMRobertaForSequenceClassification",
        Read = fields => Read(fields, XlmFamily!), // there when it is called
    };

    /// <summary>The layout of a shape.</summary>
    public static EncoderLayout Layout(EncoderShape shape, int classes, int padToken, int tokenTypes)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var embeddings = Bert.Embeddings(shape, Prefix, tokenTypes) with { FirstPosition = padToken + 1, UncountedToken = padToken };
        return new EncoderLayout(shape, embeddings, Bert.Blocks(shape, Prefix), null, new HeadLayout(
        [
            new(new("classifier.dense", shape.Width, shape.Width), Activation.Tanh, DropsInput: true),
            new(new("classifier.out_proj", classes, shape.Width), null, DropsInput: true),
        ]));
    }

    private static ModelConfig Read(ConfigFields fields, EncoderFamily family)
    {
        var shape = Bert.Shape(fields);
        var pad = fields.Size("pad_token_id", 1, shape.Vocabulary - 1, lowest: 0);
        if (shape.Positions <= pad + 2)
        {
            throw fields.Unsupported("max_position_embeddings", $"{shape.Positions}",
                $"positions start at 'pad_token_id' + 1, which is {pad + 1}, so no text has a place.");
        }

        return fields.Config(family, Layout(shape, fields.Task.Labels.Count, pad, fields.Size("type_vocab_size", 2, 1 << 10)), Bert.Dropout(fields));
    }
}
