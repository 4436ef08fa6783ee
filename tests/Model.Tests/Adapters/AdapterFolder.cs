using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Adapters;

/// <summary>An adapter directory for a <see cref="TinyModel"/>, put together key by key as the layout of peft has it. It goes with the
/// object.</summary>
internal sealed class AdapterFolder : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly List<NamedTensor> _tensors = [];
    private readonly Random _random = new(11);

    /// <param name="config">Keys over those of a plain adapter of rank 4 and alpha 8.</param>
    public AdapterFolder(string config)
    {
        Directory.CreateDirectory(Path);
        var fields = JsonNode.Parse(
            """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_lin", "v_lin"], "bias": "none"}""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(config)!.AsObject())
        {
            fields[key] = value?.DeepClone();
        }

        File.WriteAllText(System.IO.Path.Combine(Path, "adapter_config.json"),
            fields.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    public TinyModel Model => _model;

    public string Path => System.IO.Path.Combine(_model.Folder, "adapter");

    public void Dispose() => _model.Dispose();

    /// <summary>Adds a tensor under its key in the file, without the prefix; returns its values.</summary>
    public float[] Tensor(string key, params int[] shape)
    {
        _tensors.Add(TinyModel.RandomTensor($"base_model.model.{key}", shape, _random, 0.3));
        return _tensors[^1].Values;
    }

    /// <summary>Adds A and B of modules of the layers' attention, such as <c>0.q_lin</c>.</summary>
    public AdapterFolder With(string modules, int rank = 4, string adapterName = "")
    {
        foreach (var module in modules.Split(' '))
        {
            var (layer, name) = (module[..1], module[2..]);
            Tensor($"distilbert.transformer.layer.{layer}.attention.{name}.lora_A{adapterName}.weight", rank, 32);
            Tensor($"distilbert.transformer.layer.{layer}.attention.{name}.lora_B{adapterName}.weight", 32, rank);
        }

        return this;
    }

    public LoraAdapter Load(TensorType type = TensorType.F32)
    {
        SafetensorsWriter.Write(System.IO.Path.Combine(Path, "adapter_model.safetensors"), _tensors, type);
        return LoraAdapter.Load(Path, _model.Config);
    }

    /// <summary>The modules of the adapter as <see cref="With"/> names them.</summary>
    public string Modules() => string.Join(
        ' ', Load().Modules.Select(
            module => module.Module["distilbert.transformer.layer.".Length..].Replace("attention.", "", StringComparison.Ordinal)));

    /// <summary>The error that loading must end in.</summary>
    public InputException Error() => Assert.Throws<InputException>(() => Load());
}
