using System.Text;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>config.json from strangers.</summary>
public sealed class ConfigFuzzTests
{
    private static readonly string[] _seeds =
    [
        """{"model_type":"distilbert","dim":32,"hidden_dim":64,"n_layers":2,"n_heads":4,"vocab_size":60,"max_position_embeddings":"""
            + """64,"activation":"gelu","dropout":0.1,"attention_dropout":0.1,"seq_classif_dropout":0.2,"initializer_range":"""
            + """0.02,"sinusoidal_pos_embds":false,"id2label":{"0":"NEGATIVE","1":"POSITIVE"},"label2id":{"NEGATIVE":0,"POSITIVE":"""
            + """1},"problem_type":"single_label_classification","pruned_heads":{},"architectures":["DistilBertForSequenceClassification"]}""",
        """{"model_type": "distilbert", "hidden_size": 768, "num_hidden_layers": 6, "num_attention_heads": 12, "num_labels": """
            + """28, "problem_type": "multi_label_classification", "activation": "relu", "quantization_config": null}""",
        "\uFEFF{\"model_type\":\"distilbert\",\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"}}",
    ];

    private static readonly string[] _words =
    [
        "0", "1", "-1", "7", "1.5", "1e400", "99999999999", "true", "null", "{}", "[]", "\"\"", "\"relu\"", "\"silu\"", "\"regression\"", "\"bert\"",
        "{\"0\":\"a\"}", "{\"0\":\"a\",\"1\":\"a\"}",
        "{\"0\":\"a\",\"2\":\"b\"}", "{\"x\":\"a\"}", "{\"0\":1}", "{\"\\ud800\":\"a\"}", "{\"1\":[2]}", "\"\\ud800\"", ",\"\\ud800\":1",
        ",\"num_labels\":1", ",\"dim\":50,\"n_heads\":7", "[1,2]", "\u00e9", "\n",
    ];

    [Fact]
    public void Every_input_gives_a_configuration_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_seeds.Select(Encoding.UTF8.GetBytes), _words),
            "is not valid JSON: ", "it is not UTF-8", "expected a JSON object", "a key is not valid Unicode", "' is not valid Unicode",
            "'model_type' is", "'activation' is", "'problem_type' is", "'pruned_heads' is",
            "'quantization_config' is", "expected a string", "expected true or false", "expected a whole number from", "expected a number from",
            "expected an object such as", "has the entry",
            "'id2label' numbers its", "'id2label' gives the name", "does not divide", "has one label")
            .Check(input => ModelConfig.Parse("config.json", input));
}
