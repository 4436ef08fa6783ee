using FsCheck.Xunit;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Properties;

/// <summary>An adapter that is written is read back, whatever its rank, modules and variant.</summary>
public sealed class AdapterProperties : IDisposable
{
    private static readonly ModelConfig _model = new()
    {
        Family = DistilBert.Family,
        Task = new(["a", "b", "c"], ProblemType.SingleLabel),
        Layout = DistilBert.Layout(new EncoderShape { Width = 8, UpWidth = 12, Blocks = 3, Heads = 2, Vocabulary = 10, Positions = 16 }, classes: 3),
    };
    private static readonly string[] _targets = ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"];

    private readonly string _folder = Directory.CreateTempSubdirectory("lora-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Property(MaxTest = 150)]
    public void Adapters_come_back_with_their_numbers_scale_and_head(
        byte rank, short alpha, byte targets, bool rsLora, bool dora, bool head, int seed)
    {
        var random = new Random(seed);
        var settings = new PeftAdapterSettings
        {
            Family = DistilBert.Family,
            Rank = 1 + (rank % 16),
            Alpha = alpha / 8.0,
            Targets = [.. _targets.Where((_, index) => ((targets % 63) + 1 & (1 << index)) != 0)],
            UseRsLora = rsLora,
            Kind = dora ? LinearAdapters.Dora : LinearAdapters.Lora,
            TrainedHead = head ? _model.Layout.Head : null,
        };
        var written = Adapter(settings, random);

        PeftAdapterWriter.Write(Path.Combine(_folder, "adapter"), written, settings);
        var read = LoraAdapter.Load(Path.Combine(_folder, "adapter"), _model);

        Assert.Empty(read.Warnings);
        Assert.Equal(written.Modules.Select(module => (module.Module, module.Scale)), read.Modules.Select(module => (module.Module, module.Scale)));
        Assert.Equal(Numbers(written), Numbers(read));
    }

    private static LoraAdapter Adapter(PeftAdapterSettings settings, Random random)
    {
        NamedTensor Tensor(params int[] shape) => TinyModel.RandomTensor("tensor", shape, random, 1);
        var scale = settings.Kind.Scale(settings.Alpha, settings.Rank, settings.UseRsLora);
        var adapted = _model.Layout.Linears
            .Where(linear => settings.Targets.Any(target => linear.Name.EndsWith("." + target, StringComparison.Ordinal)));
        var modules = adapted.Select(linear => settings.Kind.Compose(linear, scale,
            key => key.Part == AdapterPart.Fixed ? null : Tensor(key.Shape(new AdapterSize(settings.Rank, linear.Out, linear.In))))).ToList();
        var head = settings.TrainedHead is not null
            ? _model.Layout.Head.Tensors.Select(spec => TinyModel.RandomTensor(spec.Key, spec.Shape, random, 1)).ToList()
            : [];
        return new LoraAdapter(modules, head);
    }

    private static IEnumerable<float> Numbers(LoraAdapter adapter) =>
        adapter.Modules.SelectMany(module => module.Tensors.SelectMany(tensor => tensor.Values))
            .Concat(adapter.Replacements.SelectMany(tensor => tensor.Values));
}
