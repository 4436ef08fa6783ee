using System.Text;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tests.Safetensors;
using LoraOnnx.Tests.Fuzzing;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Descriptions of models and adapters, and headers of weights, made to be slow.</summary>
public sealed class ReadingTimeTests
{
    private static readonly ModelConfig _model = ModelConfig.Parse("config.json", """{"model_type":"distilbert"}"""u8.ToArray());

    private static readonly PeftConfig _adapter =
        PeftConfig.Parse("adapter_config.json", """{"peft_type":"LORA","target_modules":["q_lin"]}"""u8.ToArray());

    private static readonly Dictionary<string, (Func<int, string> Make, Action<string> Read)> _attacks = new()
    {
        ["a shape with a nested element"] = (size => $$$"""{"a":{"dtype":"F32","shape":[{{{Many("1", size / 2)}}},[1]],"data_offsets":[0,4]}}""",
            Header),
        ["a shape of nested lists"] = (size => $$$"""{"a":{"dtype":"F32","shape":[{{{Many("[1,1,1]", size / 8)}}}],"data_offsets":[0,4]}}""", Header),
        ["offsets without an end"] = (size => $$$"""{"a":{"dtype":"F32","shape":[1],"data_offsets":[{{{Many("10000", size / 6)}}}]}}""", Header),
        ["empty tensors"] = (size => $$"""{{{Numbered(size / 60, "\"{0}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")}}}""", Header),
        ["one tensor many times"] = (size => $$"""{{{Many("\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", size / 60)}}}""", Header),
        ["metadata"] = (size => $$"""{"__metadata__":{ {{Numbered(size / 20, "\"{0}\":\"x\"")}} } }""", Header),
        ["a long name"] = (size => $$"""{"{{new string('x', size)}}":1}""", Header),
        ["patterns of ranks"] = (size =>
            $$"""{"peft_type":"LORA","target_modules":["q_lin"],"rank_pattern":{ {{Numbered(size / 20, "\"a.{0}\":4")}} } }""", Adapter),
        ["names of modules"] = (size => $$"""{"peft_type":"LORA","target_modules":[{{Numbered(size / 12, "\"m{0}\"")}}]}""", Adapter),
        ["layers"] = (size => $$"""{"peft_type":"LORA","target_modules":["q_lin"],"layers_to_transform":[{{Many("123", size / 4)}}]}""", Adapter),
        ["names of classes"] = (size => $$"""{"model_type":"distilbert","id2label":{ {{Numbered(size / 16, "\"{0}\":\"c{0}\"")}} } }""", Config),
        ["classes and their numbers"] = (size => $$"""
            {"model_type":"distilbert","id2label":{ {{Numbered(size / 32, "\"{0}\":\"c{0}\"")}} },
            "label2id":{ {{Numbered(size / 32, "\"c{0}\":{0}")}} } }
            """, Config),
        ["a class of a long name"] = (size => $$"""{"model_type":"distilbert","id2label":{"0":"{{new string('x', size)}}","1":"b"} }""", Config),
        ["unknown keys of a model"] = (size => $$"""{"model_type":"distilbert",{{Numbered(size / 16, "\"k{0}\":null")}}}""", Config),
        ["names of heads in a tensor"] = (size => $$$"""
            {"a{{{Many(".modules_to_save", size / 17, "")}}}\n":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
            """, AdapterTensors),
        ["prefixes of wrappers"] = (size => $$$"""
            {"{{{Many("module.", size / 7, "")}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
            """, AdapterTensors),
        ["tensors of an adapter"] = (size => $$"""
            { {{Numbered(size / 60, "\"layer.{0}.lora_A.weight\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")}} }
            """, AdapterTensors),
        ["unknown keys"] = (size => $$"""{"peft_type":"LORA","target_modules":["q_lin"],{{Numbered(size / 16, "\"k{0}\":null")}}}""", Adapter),
    };

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_reader_takes_time_in_proportion_to_the_size(string attack)
    {
        var (make, read) = _attacks[attack];

        ReadingTime.Check(attack, make, read);
    }

    [Fact]
    public void Thousands_of_patterns_and_axes_are_refused_by_their_count()
    {
        var config = $$"""{"peft_type":"LORA","target_modules":["q_lin"],"rank_pattern":{ {{Numbered(50_000, "\"a.{0}\":4")}} } }""";
        var header = $$$"""{"a":{"dtype":"F32","shape":[{{{Many("1", 9)}}}],"data_offsets":[0,4]}}""";

        Assert.Contains("'rank_pattern' has 50000 entries, expected at most 1000.",
            Assert.Throws<InputException>(() => PeftConfig.Parse("adapter_config.json", Encoding.UTF8.GetBytes(config))).Message);
        Assert.Contains("tensor 'a' has 9 axes, expected at most 8.",
            Assert.Throws<InputException>(() => SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(header, 4)))).Message);
    }

    private static void Header(string json) =>
        SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(json, 0))).Dispose();

    private static void Adapter(string json) => PeftConfig.Parse("adapter_config.json", Encoding.UTF8.GetBytes(json));

    private static void AdapterTensors(string json)
    {
        using var file = SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(json, 4)));
        PeftAdapterReader.Read(_adapter, file, _model, null);
    }

    private static void Config(string json) => ModelConfig.Parse("config.json", Encoding.UTF8.GetBytes(json));
}
