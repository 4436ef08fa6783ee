using System.Text;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Tests.Configuration;

public sealed class ModelConfigTests
{
    [Fact]
    public void Absent_keys_have_the_defaults_of_transformers()
    {
        var config = Parse("");

        Assert.Equal((768, 3072, 6, 12, 30522, 512),
            (config.Shape.Width, config.Shape.UpWidth, config.Shape.Blocks, config.Shape.Heads, config.Shape.Vocabulary, config.MaxTokens));
        Assert.Equal((0.1, 0.1, 0.2, 0.02), (config.Dropout.Hidden, config.Dropout.Attention, config.Dropout.Head, config.InitializerRange));
        Assert.Equal(["LABEL_0", "LABEL_1"], config.Task.Labels);
        Assert.Equal((Activation.Gelu, ProblemType.SingleLabel, false),
            (config.Shape.Activation, config.Task.ProblemType, config.Layout.Embeddings.IsSinusoidal));
    }

    [Fact]
    public void The_names_transformers_has_for_all_models_are_understood()
    {
        var config = Parse(""" "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2 """);

        Assert.Equal((64, 3, 2), (config.Shape.Width, config.Shape.Blocks, config.Shape.Heads));
    }

    [Theory]
    [InlineData("deberta")]
    [InlineData("deberta-v2")]
    [InlineData("modernbert")]
    [InlineData("electra")]
    [InlineData("mpnet")]
    [InlineData("albert")]
    public void Other_families_are_refused_by_name_in_one_line(string type)
    {
        var error = Assert.Throws<InputException>(() => ModelConfig.Parse("config.json", Encoding.UTF8.GetBytes($$"""{"model_type": "{{type}}"}""")));

        Assert.EndsWith($"'model_type' is '{type}', expected 'distilbert', 'bert', 'roberta', 'xlm-roberta'.", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Labels_are_in_the_order_of_their_numbers()
    {
        Assert.Equal(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"],
            Parse(""" "id2label": {"10": "k", "1": "b", "2": "c", "3": "d", "0": "a", "4": "e", """ +
                """ "5": "f", "6": "g", "7": "h", "8": "i", "9": "j"} """).Task.Labels);
    }

    [Fact]
    public void Multi_label_models_may_have_one_label() =>
        Assert.Equal(ProblemType.MultiLabel,
            Parse(""" "problem_type": "multi_label_classification", "id2label": {"0": "toxic"} """).Task.ProblemType);

    [Theory]
    [InlineData(""" "problem_type": "regression" """, "'problem_type' is 'regression'")]
    [InlineData(""" "id2label": {"0": "score"} """, "one label, which means regression")]
    [InlineData(""" "activation": "silu" """, "'activation' is 'silu'")]
    [InlineData(""" "n_heads": 7 """, "'dim' is 768, which 'n_heads' 7 does not divide")]
    [InlineData(""" "n_layers": 0 """, "'n_layers' is 0, expected a whole number from 1")]
    [InlineData(""" "dim": "768" """, "'dim' is \"768\", expected a whole number")]
    [InlineData(""" "dropout": 1.5 """, "'dropout' is 1.5, expected a number from 0 to 1")]
    [InlineData(""" "sinusoidal_pos_embds": 1 """, "'sinusoidal_pos_embds' is 1, expected true or false")]
    [InlineData(""" "id2label": ["a", "b"] """, "'id2label' is the list")]
    [InlineData(""" "id2label": {"0": "a", "2": "b"} """, "numbers its 2 labels 0, 2, expected 0 to N-1")]
    [InlineData(""" "id2label": {"0": "a", "1": "a"} """, "gives the name 'a' 2 times")]
    [InlineData(""" "id2label": {"zero": "a", "1": "b"} """, "has the entry 'zero'")]
    [InlineData(""" "pruned_heads": {"0": [1]} """, "'pruned_heads' is an object")]
    [InlineData(""" "quantization_config": {"bits": 4} """, "'quantization_config' is an object")]
    public void What_is_wrong_or_not_supported_is_named_with_its_value(string field, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => Parse(field)).Message, StringComparison.Ordinal);

    [Fact]
    public void Other_kinds_of_model_are_refused_by_name() =>
        Assert.Contains("'model_type' is 'deberta-v2'",
            Assert.Throws<InputException>(() => ModelConfig.Parse("config.json", """{"model_type": "deberta-v2"}"""u8.ToArray())).Message,
            StringComparison.Ordinal);

    private static ModelConfig Parse(string fields) =>
        ModelConfig.Parse("config.json", Encoding.UTF8.GetBytes($"{{\"model_type\": \"distilbert\"{(fields.Length > 0 ? "," : "")}{fields}}}"));
}
