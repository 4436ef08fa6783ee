using System.Text;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>adapter_config.json from strangers, beside a tensor file that fits the first of the seeds.</summary>
public sealed class AdapterConfigFuzzTests : IDisposable
{
    private static readonly ModelConfig _model = new()
    {
        Family = DistilBert.Family,
        Task = new(["a", "b"], ProblemType.SingleLabel),
        Layout = DistilBert.Layout(new EncoderShape { Width = 8, UpWidth = 16, Blocks = 2, Heads = 2, Vocabulary = 10, Positions = 16 }, classes: 2),
    };

    private static readonly string[] _seeds =
    [
        """{"peft_type":"LORA","task_type":null,"r":4,"lora_alpha":8,"lora_dropout":0.0,"target_modules":"""
            + """["q_lin","v_lin"],"exclude_modules":null,"bias":"none","use_rslora":false,"use_dora":false,"lora_bias":"""
            + """false,"modules_to_save":null,"rank_pattern":{},"alpha_pattern":{},"layers_to_transform":null,"layers_pattern":"""
            + """null,"init_lora_weights":true,"fan_in_fan_out":false,"layer_replication":"""
            + """null,"base_model_name_or_path":"models/demo","peft_version":"0.21.2"}""",
        """{"peft_type":"LORA","r":4,"target_modules":".*attention\\.(q|v)_lin","alpha_pattern":{"layer.1.*q_lin":2},"use_rslora":true}""",
        """{"peft_type":"LORA","r":4,"target_modules":["q_lin","v_lin"],"layers_to_transform":[0,1],"layers_pattern":"layer","rank_pattern":"""
            + """{"q_lin":4},"init_lora_weights":"gaussian"}""",
        """{"peft_type":"LORA","r":4,"target_modules":["q_lin","v_lin"],"layers_to_transform":[0,1],"layers_pattern":"""
            + """["(l)ayer"],"rank_pattern":{"q_lin":4}}""",
        """{"peft_type":"LORA","r":4,"target_modules":["q_lin","v_lin"],"modules_to_save":["_lin"],"bias":"lora_only"}""",
        """["peft_type","LORA"]""",
    ];

    private static readonly string[] _words =
    [
        "0", "1", "2", "4", "-1", "1.5", "true", "false", "null", "[]", "{}", "[{}]", "\"\"", "\"all\"", "\"lora_only\"", "\"some\"", "\"IA3\"",
        "\"SEQ_CLS\"", "\"all-linear\"", "\"(\"", "\".*\"", "[\"nothing\"]", "\"pissa\"", "\"olora\"",
        "{\"(\":2}", "{\"q_lin\":0}", "{\"q_lin\":\"x\"}", "[\"classifier\"]", "[\"q_lin\"]", "[1]", "\"\\ud800\"", ",\"\\ud800\":1",
        ",\"use_dora\":true,\"lora_bias\":true", ",\"use_something\":true", ",\"unknown\":[1]",
        ",\"target_parameters\":[\"x\"]", ",\"fan_in_fan_out\":true", ",\"layers_pattern\":[\"a(b)c\",\"(l)ayer\"],\"layers_to_transform\":[0]",
        ",\"layers_to_transform\":null", "\"(?P<a>q_lin)\"", "\"[]a]\"", "\"" + new string('a', 5000) + "\"",
    ];

    private readonly SafetensorsFile _tensors = Tensors();

    public void Dispose() => _tensors.Dispose();

    [Fact]
    public void Every_input_gives_an_adapter_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_seeds.Select(Encoding.UTF8.GetBytes), _words),
            "is not valid JSON: ", "it is not UTF-8", "expected a JSON object", "a key is not valid Unicode", "' is not valid Unicode",
            "'peft_type' is", "expected 'none', 'all' or 'lora_only'", "expected a string.", "expected true or false", "expected a whole number from",
            "expected a number from", "expected a list of strings", "expected a whole number or a list of them", "expected an object.",
            "'target_modules' is missing or empty", "cannot be used", "they go together", "peft has no such combination",
            "which is not supported: ", "'init_lora_weights' is", "a variant of LoRA that this version does not know",
            "is not a valid regular expression", "expected at most 4096", "matches no linear module",
            "expected the number of a layer", "is missing", "is not expected", "and the model imply", "is both in 'target_modules' and")
            .Check(input => PeftAdapterReader.Read(PeftConfig.Parse("adapter_config.json", input), _tensors, _model, null));

    private static SafetensorsFile Tensors()
    {
        var path = Path.GetTempFileName();
        var random = new Random(1);
        SafetensorsWriter.Write(path, from layer in Enumerable.Range(0, 2)
                                      from module in new[] { "q_lin", "v_lin" }
                                      from factor in new[] { ("A", 4, 8), ("B", 8, 4) }
                                      select TinyModel.RandomTensor(
                                          $"base_model.model.distilbert.transformer.layer.{layer}.attention.{module}.lora_{factor.Item1}.weight",
                                          [factor.Item2, factor.Item3], random, 0.1));
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return SafetensorsFile.Open("adapter_model.safetensors", new MemoryStream(bytes));
    }
}
