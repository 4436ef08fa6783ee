using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>What we write is what peft wrote: the golden adapters are the snapshot, byte for byte.</summary>
public sealed class PeftAdapterWriterTests : IDisposable
{
    private static readonly ModelConfig _demo = ModelConfig.Load(Golden.DemoModel);
    private static readonly PeftAdapterSettings _qkv = new()
    {
        Family = DistilBert.Family,
        Rank = 8,
        Alpha = 16,
        Targets = ["k_lin", "q_lin", "v_lin"],
        BaseModelNameOrPath = "models/demo",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("lora-onnx-").FullName;

    private string Adapter => System.IO.Path.Combine(_folder, "adapter");

    public static TheoryData<string, PeftAdapterSettings> Settings => new()
    {
        { "qkv-r8", _qkv },
        { "qkv-r8-head", _qkv with { TrainedHead = _demo.Layout.Head } },
        { "qkv-r1-alpha1", _qkv with { Rank = 1, Alpha = 1 } },
        { "rslora-r16", _qkv with { Rank = 16, UseRsLora = true } },
        { "dora", _qkv with { Rank = 4, Alpha = 8, Kind = LinearAdapters.Dora } },
        { "all-linear",
            _qkv with { Rank = 4, Alpha = 8, Targets = ["lin2", "q_lin", "pre_classifier", "v_lin", "classifier", "k_lin", "out_lin", "lin1"] } },
    };

    [Theory]
    [MemberData(nameof(Settings), DisableDiscoveryEnumeration = true)]
    public void Written_files_are_those_of_peft(string name, PeftAdapterSettings settings)
    {
        var adapter = LoraAdapter.Load(Golden.Path("adapters", name), _demo);

        PeftAdapterWriter.Write(Adapter, adapter, settings);

        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"],
            Directory.GetFiles(Adapter).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(
            File.ReadAllText(Golden.Path("adapters", name, "adapter_config.json")),
            File.ReadAllText(System.IO.Path.Combine(Adapter, "adapter_config.json")));
        Assert.Equal(
            File.ReadAllBytes(Golden.Path("adapters", name, "adapter_model.safetensors")),
            File.ReadAllBytes(System.IO.Path.Combine(Adapter, "adapter_model.safetensors")));
    }

    [Fact]
    public void Keys_shapes_types_and_metadata_of_an_adapter_with_head_are_those_of_peft()
    {
        PeftAdapterWriter.Write(Adapter, LoraAdapter.Load(Golden.Path("adapters", "qkv-r8-head"), _demo),
            _qkv with { TrainedHead = _demo.Layout.Head });

        using var file = SafetensorsFile.Open(System.IO.Path.Combine(Adapter, "adapter_model.safetensors"));
        Assert.Equal("pt", Assert.Single(file.Metadata).Value);
        Assert.Equal(40, file.Names.Count);
        Assert.All(file.Names, name => Assert.Equal(TensorType.F32, file.TypeOf(name)));
        Assert.Equal(
            """
            base_model.model.classifier.bias [2]
            base_model.model.classifier.weight [2, 384]
            base_model.model.distilbert.transformer.layer.0.attention.k_lin.lora_A.weight [8, 384]
            base_model.model.distilbert.transformer.layer.0.attention.k_lin.lora_B.weight [384, 8]
            """,
            string.Join('\n', file.Names.Order(StringComparer.Ordinal).Take(4).Select(name => $"{name} {NamedTensor.Describe(file.ShapeOf(name))}")));
    }

    [Theory]
    [InlineData(0.05, 2.5, "\"lora_dropout\": 0.05", "\"lora_alpha\": 2.5")]
    [InlineData(0.00001, 1e9, "\"lora_dropout\": 1e-05", "\"lora_alpha\": 1000000000")]
    public void Numbers_are_printed_as_Python_prints_them(double dropout, double alpha, string dropoutLine, string alphaLine)
    {
        var text = PeftAdapterWriter.ConfigText(_qkv with { Dropout = dropout, Alpha = alpha });

        Assert.Contains($"  {dropoutLine},\n", text, StringComparison.Ordinal);
        Assert.Contains($"  {alphaLine},\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_beyond_ASCII_are_escaped_as_Python_escapes_them()
    {
        var text = PeftAdapterWriter.ConfigText(_qkv with { BaseModelNameOrPath = "modèles/\"é\"\\😀" });

        Assert.Contains("""  "base_model_name_or_path": "mod\u00e8les/\"\u00e9\"\\\ud83d\ude00",""", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_adapter_is_replaced_whole()
    {
        Directory.CreateDirectory(Adapter);
        File.WriteAllText(System.IO.Path.Combine(Adapter, "left-over.txt"), "old");

        PeftAdapterWriter.Write(Adapter, LoraAdapter.Load(Golden.Path("adapters", "qkv-r8"), _demo), _qkv);

        Assert.False(File.Exists(System.IO.Path.Combine(Adapter, "left-over.txt")));
        Assert.Equal([Adapter], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void An_adapter_that_is_not_that_of_the_settings_is_refused_and_nothing_written()
    {
        var adapter = LoraAdapter.Load(Golden.Path("adapters", "qkv-r8"), _demo);
        var withHead = LoraAdapter.Load(Golden.Path("adapters", "qkv-r8-head"), _demo);
        var halfHead = new LoraAdapter(withHead.Modules, [.. withHead.Replacements.Skip(1)]);

        Assert.Throws<ArgumentException>(() => PeftAdapterWriter.Write(Adapter, adapter, _qkv with { TrainedHead = _demo.Layout.Head }));
        Assert.Throws<ArgumentException>(() => PeftAdapterWriter.Write(Adapter, adapter, _qkv with { Alpha = 8 }));
        Assert.Throws<ArgumentException>(() => PeftAdapterWriter.Write(Adapter, halfHead, _qkv with { TrainedHead = _demo.Layout.Head }));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
